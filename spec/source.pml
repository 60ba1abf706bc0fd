/* A region in its role as the source of move m (SourceRole, ChangeSource, SourceWatch). */

#define canPrepare(s, m) (at[s].state == Active && at[s].pulling == 0 && (at[s].epoch == epochOf[m] || seed == SealOfAnyEpoch))
#define hasEnded(m) ((ended & bit(m)) != 0 && seed != LateSealTaken)
#define canSeal(s, m) (at[s].state == Active && (at[s].epoch == epochOf[m] || seed == SealOfAnyEpoch) && (at[s].pulling == m || seed == LateSealTaken || seed == SealOfAnyEpoch))
#define isCutOver(s, m) ((at[s].state == Sealed || at[s].state == Departing) && at[s].move == m)
#define canUnseal(s, m) ((at[s].state == Sealed || at[s].state == Departing) && (at[s].move == m || seed == UnsealOfAnyMove))
#define canSettle(s, m) (at[s].state == Departing && at[s].move == m)
#define feeds(s, m) (serves(s) && at[s].epoch == epochOf[m] && at[s].pulling == m)

/* Is key k's row in the feed after the target's cursor? */
#define isLive(s, k) (at[s].value[k] != 0 || (at[s].tombstone[k] && seed != MissedDelete))
#define pending(s, k, after) (at[s].changed[k] > after && isLive(s, k) && !overlooked(s, k))
/* The next one in seq order; 2: none. */
#define next(s, after) (pending(s, 0, after) && (!pending(s, 1, after) || at[s].changed[0] < at[s].changed[1]) -> 0 : (pending(s, 1, after) -> 1 : 2))

inline goBack(s, m) {           /* unseal, with the target's refusal in hand */
  if
  :: canUnseal(s, m) -> at[s].state = Active; at[s].move = 0; at[s].pulling = 0; at[s].follower = 0; at[s].tombstone[0] = 0; at[s].tombstone[1] = 0
  :: else ->
     if
     :: at[s].state == Active && at[s].pulling == m -> at[s].pulling = 0; at[s].follower = 0; at[s].tombstone[0] = 0; at[s].tombstone[1] = 0
     :: else ->
        if :: seed == LateUnsealDropsTombstones -> at[s].tombstone[0] = 0; at[s].tombstone[1] = 0 :: else fi
     fi
  fi;
  ended = ended | bit(m);
  watch[s] = (seed == OneWatchPerAccount -> 0 : watch[s] & (255 - bit(m)));
  checkServing()
}

inline becomeTombstone(s, t, m) {
  at[s].state = Departed; at[s].move = 0; at[s].pulling = 0; at[s].follower = 0; at[s].peer = t; at[s].lastDeparture = m;
  departed = departed | bit(m); watch[s] = watch[s] & (255 - bit(m))
}

inline destroyKey(s, m) {
  holds(EraseAfterCommit, (activated & bit(m)) != 0 && at[s].state != Active && at[s].state != Arriving);
  at[s].hasKey = 0
}

inline signErasure(s, m) {
  holds(ReceiptTruthful, (activated & bit(m)) != 0 && !at[s].hasData);
  erased = erased | bit(m)
}

proctype Source(byte m) {
  byte s, t, k;
  step[m] != Unplanned; s = source[m]; t = target[m];
end: do
  :: atomic { has(PREPARE, m) -> take(PREPARE, m);
     if
     :: hasEnded(m) -> put(NOT_NOW, m)
     :: else ->
        if
        :: at[s].move == m || at[s].pulling == m -> put(PREPARED, m)
        :: else ->
           if
           :: canPrepare(s, m) ->
              at[s].pulling = m; at[s].follower = t + 1; at[s].tombstone[0] = 0; at[s].tombstone[1] = 0; put(PREPARED, m)
           :: else -> put(NOT_NOW, m)
           fi
        fi
     fi }
  :: atomic { has(SEAL, m) -> take(SEAL, m);
     watch[s] = (seed == OneWatchPerAccount -> bit(m) : watch[s] | bit(m));
     if
     :: hasEnded(m) -> put(NOT_NOW, m)
     :: else ->
        if
        :: isCutOver(s, m) -> put(SEALED, m)
        :: else ->
           if
           :: canSeal(s, m) ->
              at[s].state = Sealed; at[s].move = m; at[s].peer = t;
              if
              :: seed == FinalPositionBeforeDrain
              :: else -> finalSeq[m] = at[s].seq; finalDigest[m] = digest(s)
              fi;
              put(SEALED, m)
           :: else -> put(NOT_NOW, m)
           fi
        fi
     fi;
     checkServing() }
  :: atomic { has(DEPART, m) -> take(DEPART, m);
     if
     :: (ended & bit(m)) != 0 -> put(NOT_NOW, m)
     :: else ->
        if
        :: (at[s].state == Departing && at[s].move == m) || ((departed | erased) & bit(m)) != 0 -> put(DEPARTING, m)
        :: else ->
           if
           :: at[s].state == Sealed && at[s].move == m ->
              at[s].state = Departing; departureSeq[m] = at[s].seq; put(DEPARTING, m);
              if :: seed == EraseBeforeCommit -> destroyKey(s, m); wipe(s) :: else fi
           :: else -> put(NOT_NOW, m)
           fi
        fi
     fi }
  :: atomic { has(UNSEAL, m) -> take(UNSEAL, m); goBack(s, m); put(UNSEALED, m) }
  :: atomic { has(SETTLE, m) -> take(SETTLE, m);
     if
     :: canSettle(s, m) -> becomeTombstone(s, t, m); put(SETTLED, m)
     :: else ->
        if
        :: seed == SettleOfAnyMove && at[s].state != Departed -> becomeTombstone(s, t, m); put(SETTLED, m)
        :: else -> if :: (departed | erased) & bit(m) -> put(SETTLED, m) :: else fi   /* else no answer: it isn't so */
        fi
     fi;
     if :: seed == OneWatchPerAccount -> watch[s] = 0 :: else fi }
  /* Erasing: the key goes when nobody looks any more, then the rest, then the record. */
  :: atomic { has(ERASE, m) && (erased & bit(m)) != 0 && seed != EraseOfAnyMove -> take(ERASE, m); put(ERASED, m) }
  :: atomic { has(ERASE, m) && (!(erased & bit(m)) || seed == EraseOfAnyMove) && at[s].hasKey &&
        ((at[s].state == Departed && at[s].lastDeparture == m) || seed == EraseOfAnyMove) &&
        ((!openRead[s] && !(upload == 2 && uploadRegion == s)) || seed == EraseDoesNotWait) ->
     destroyKey(s, m);
     if :: seed == ErasedSaidEarly -> take(ERASE, m); signErasure(s, m); put(ERASED, m) :: else fi }
  :: atomic { has(ERASE, m) && !(erased & bit(m)) && !at[s].hasKey && at[s].state == Departed && at[s].lastDeparture == m ->
     take(ERASE, m); wipe(s); signErasure(s, m); put(ERASED, m) }
  /* Control has been silent for too long. */
  :: atomic { patience && seed != SourceNeverAsks && (watch[s] & bit(m)) != 0 && isCutOver(s, m) &&
        !has(ASK, m) && !has(ASK_ACTIVATED, m) && !has(ASK_REFUSED, m) -> put(ASK, m) }
  :: atomic { has(ASK_REFUSED, m) -> take(ASK_REFUSED, m); disturbed[m] = 1; goBack(s, m) }
  :: atomic { has(ASK_ACTIVATED, m) -> take(ASK_ACTIVATED, m);
     if
     :: canSettle(s, m) && seed != SourceNeverSettlesItself -> becomeTombstone(s, t, m)
     :: else -> watch[s] = watch[s] & (255 - bit(m))
     fi }
  /* The stream: the next change after the target's cursor; if there is none, the watermark alone. */
  :: atomic { !batch[m].on && !received[m] && feeds(s, m) && at[s].follower == t + 1 && at[t].state == Arriving && at[t].move == m &&
        at[t].cursor < at[s].seq && !halfRead[m] && (next(s, at[t].cursor) != 2 || seed != NoWatermark) ->
     k = next(s, at[t].cursor);
     batch[m].after = at[t].cursor; batch[m].key = k;
     if
     :: k == 2 -> batch[m].upTo = at[s].seq; batch[m].value = 0
     :: else -> batch[m].upTo = at[s].changed[k]; batch[m].value = at[s].value[k]
     fi;
     if
     :: seed == CopyNotAtomic -> halfRead[m] = 1
     :: else -> batch[m].on = 1
     fi;
     k = 0 }
  :: atomic { halfRead[m] -> halfRead[m] = 0; batch[m].on = 1; batch[m].upTo = at[s].seq }
  od
}
