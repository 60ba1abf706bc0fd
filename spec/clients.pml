/* Clients. A request may enter anywhere; only the row decides who serves it. */

inline acknowledge(k) { if :: trueSeq[k] > acknowledged[k] -> acknowledged[k] = trueSeq[k] :: else fi }

inline apply(r, a) {
  timesApplied[a]++;
  holds(NoResurrection, timesApplied[a] == 1 && (toldNever & bit(a)) == 0);
  commit(r, 1, 3 + a)
}

/* The value that is true now is always right; an older one must not be older than what was known when the read began. */
inline checkRead(r) {
  if
  :: at[r].value[0] == trueValue[0] -> readLast = trueSeq[0]
  :: else ->
     holds(NoResurrection, at[r].changed[0] != trueSeq[0]);
     holds(ReadYourWrites, at[r].changed[0] >= readFloor);
     holds(LinearizableReads, at[r].changed[0] >= readLast && at[r].hasData);
     readLast = at[r].changed[0]
  fi
}

/* The stranger that a lie has named keeps what comes to it; the client asks anew once its router has forgotten the hint. */
#define keeps(r) (r == 2 && hostile != 0)
#define doubts(r) (seed == HomeDoubtsItsRow && at[r].state == Active && hintEpoch[r] > at[r].epoch)

/* Puts key 0, then deletes it. */
proctype Writer() {
end: do
  :: atomic { (writes == 0 || writes == 2) && !writeUnderWay ->
     if
     :: routers -> if :: writeRouter = 0 :: writeRouter = 1 fi; enter(writeRouter, writeRegion)
     :: !routers && at[0].state == Active -> writeRegion = 0
     :: !routers && at[1].state == Active -> writeRegion = 1
     fi;
     writeUnderWay = 1 }
  :: atomic { writeUnderWay && at[writeRegion].state == Active ->
     commit(writeRegion, 0, (writes == 0 -> 1 : 0)); writes++; writeUnderWay = 0; writeRegion = 0; writeRouter = 0 }
  :: atomic { writeUnderWay && doubts(writeRegion) -> holds(OnlyItsOwn, hintHome[writeRegion] != 2); writeUnderWay = 0; writeRegion = 0 }
  :: atomic { writeUnderWay && keeps(writeRegion) && believed(writeRouter) != 2 -> writeUnderWay = 0; writeRegion = 0 }
  :: atomic { writeUnderWay && mustFollow(writeRegion) && !keeps(writeRegion) && !(seed == ArrivingNamesNobody && at[writeRegion].state == Arriving) ->
     if
     :: routers -> follow(writeRouter, writeRegion)
     :: else -> writeUnderWay = 0; writeRegion = 0
     fi }
  :: atomic { writes == 1 || writes == 3 -> writes++; acknowledge(0) }
  :: atomic { writes == 4 -> break }
  od
}

/* Puts a large object (key 1), whose body arrives at one region while the account may move on. At most two attempts. */
proctype Uploader() {
end: do
  :: atomic { upload == 0 && attempt < 2 ->
     if :: at[0].state == Active -> uploadRegion = 0 :: at[1].state == Active -> uploadRegion = 1 fi;
     uploadEpoch = at[uploadRegion].epoch; attempt++; upload = 1;
     if :: hostile == uploadRegion + 1 || (hostile == 3 && transit) -> passed = passed | bit(attempt) :: else fi }
  :: atomic { upload == 1 && at[uploadRegion].state == Active && at[uploadRegion].epoch == uploadEpoch ->
     apply(uploadRegion, attempt); upload = 3 }
  :: atomic { upload == 1 && at[uploadRegion].state == Departed && at[uploadRegion].epoch == uploadEpoch ->
     attemptMove[attempt] = at[uploadRegion].lastDeparture; put(HAND_OVER, attempt); upload = 2 }
  :: atomic { upload == 1 && (at[uploadRegion].epoch != uploadEpoch || at[uploadRegion].state == Arriving || at[uploadRegion].state == None) ->
     upload = 0 }                                             /* 503: the client tries again */
  :: atomic { upload == 2 && has(APPLIED, attempt) -> take(APPLIED, attempt); upload = 3 }
  :: atomic { upload == 2 && has(NEVER, attempt) -> take(NEVER, attempt); toldNever = toldNever | bit(attempt); upload = 0 }
  :: atomic { upload == 2 && !has(HAND_OVER, attempt) && !has(APPLIED, attempt) && !has(NEVER, attempt) ->
     put(HAND_OVER, attempt) }                                 /* no answer: the same attempt again */
  :: atomic { upload == 3 -> upload = 4; acknowledge(1) }
  :: atomic { upload == 0 && attempt == 2 -> upload = 5 }
  :: atomic { upload >= 4 -> break }
  od
}

/* The new home's side: once per attempt, only in the epoch that the move began; "never" only when that epoch is over. */
#define isOver(t, a) (at[t].epoch != epochOf[attemptMove[a]] + 1 || at[t].state == Departed || at[t].state == Arriving || (seed == NeverTooEarly && at[t].state == Departing))
#define mayApply(t, a) (at[t].state == Active && (at[t].epoch == epochOf[attemptMove[a]] + 1 || seed == AttemptOfAnyEpoch))
#define TAKE_HAND_OVER(a) \
  :: atomic { has(HAND_OVER, a) && attemptMove[a] == m && (activated & bit(m)) != 0 && \
        ((applied & bit(a)) != 0 || isOver(t, a) || mayApply(t, a)) -> take(HAND_OVER, a); \
     if \
     :: (applied & bit(a)) != 0 && seed != AttemptNotRecorded -> put(APPLIED, a) \
     :: else -> \
        if \
        :: mayApply(t, a) -> apply(t, a); applied = applied | bit(a); put(APPLIED, a) \
        :: else -> put(NEVER, a) \
        fi \
     fi }

/* Reads key 0, twice, through any router. */
proctype Reader() {
end: do
  :: atomic { reading == 0 && readsLeft > 0 -> readsLeft--;
     readFloor = acknowledged[0];
     if
     :: routers -> if :: readRouter = 0 :: readRouter = 1 fi; enter(readRouter, readRegion)
     :: !routers && serves(0) -> readRegion = 0
     :: !routers && serves(1) -> readRegion = 1
     fi;
     reading = 1 }
  :: atomic { reading == 1 && (serves(readRegion) || (seed == RouterCacheWithoutEpoch && at[readRegion].hasData)) ->
     openRead[readRegion] = 1; reading = 2 }
  :: atomic { reading == 1 && keeps(readRegion) && believed(readRouter) != 2 -> reading = 0; readsLeft++ }
  :: atomic { reading == 1 && mustFollow(readRegion) && !keeps(readRegion) && !(seed == ArrivingNamesNobody && at[readRegion].state == Arriving) ->
     if
     :: routers -> follow(readRouter, readRegion)
     :: else -> reading = 0; readsLeft++
     fi }
  :: atomic { reading == 2 -> openRead[readRegion] = 0; reading = 0;
     checkRead(readRegion); readRegion = 0; readRouter = 0; readFloor = 0 }
  :: atomic { reading == 3 -> reading = 0; readsLeft++; readRegion = 0; readRouter = 0; readFloor = 0 }   /* cut: asks again */
  :: atomic { reading == 0 && readsLeft == 0 -> break }
  od
}
