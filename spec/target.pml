/* A region in its role as the target of move m (TargetRole, ArrivalPulls, HandOverDesk). Its record of activated and refused
 * moves is the arbiter. */

#define isDecided(m) (((activated | refused) & bit(m)) != 0)
#define isArriving(t, m) (at[t].state == Arriving && at[t].move == m)
#define isFree(t) (at[t].state == None || at[t].state == Departed)
#define isEmpty(t) (!at[t].hasData || seed == TargetStillHasData)
#define takesBatch(t, m) (at[t].state == Arriving && (at[t].move == m || seed == BatchOfAnyMove) && at[t].cursor == batch[m].after)
#define knowsPolicy(t, m) (known[t] >= orderRevision[m] || seed == OldPolicyEnough || seed == PolicyNotChecked)
#define permits(t, m) (!(known[t] == 2 && forbidden == m) || seed == PolicyNotChecked)

/* Never again in this move; the row goes back to what it was. What was copied is still to be wiped. */
inline refuse(t, m) {
  if
  :: seed == RefusalOfUnknownForgotten && !isArriving(t, m)
  :: else -> refused = refused | bit(m)
  fi;
  if
  :: isArriving(t, m) ->
     if
     :: at[t].lastDeparture != 0 && seed != RefusedForgetsTombstone ->
        at[t].state = Departed; at[t].epoch = epochOf[at[t].lastDeparture]; at[t].peer = target[at[t].lastDeparture]
     :: else -> at[t].state = None; at[t].epoch = 0; at[t].peer = 0
     fi;
     at[t].move = 0; at[t].seq = 0;
     if :: seed == CursorNotReset :: else -> at[t].cursor = 0 fi
  :: else
  fi
}

inline store(t, key_, newValue, newSeq) {
  if
  :: key_ == 2
  :: else -> at[t].value[key_] = newValue; at[t].changed[key_] = newSeq
  fi
}

inline becomeHome(s, t, m) {
  at[t].state = Active; at[t].epoch = epochOf[m] + 1; at[t].seq = finalSeq[m]; at[t].move = 0; at[t].peer = 0; at[t].cursor = 0;
  checkActivation(s, t, m)
}

proctype Target(byte m) {
  byte s, t;
  step[m] != Unplanned; s = source[m]; t = target[m];
end: do
  :: atomic { has(ARRIVE, m) && (isDecided(m) || !hasRemains(t) || seed == RefusedDataStays || seed == RefusalOfUnknownForgotten) -> take(ARRIVE, m);
     if
     :: (activated & bit(m)) != 0 -> put(ACTIVATED, m)
     :: !(activated & bit(m)) && (refused & bit(m)) != 0 -> put(REFUSED, m)
     :: else ->
        if
        :: isArriving(t, m) -> put(ARRIVING, m)
        :: !isArriving(t, m) && isFree(t) && isEmpty(t) ->
           at[t].state = Arriving; at[t].move = m; at[t].epoch = epochOf[m]; at[t].peer = s;
           at[t].hasData = 1; at[t].hasKey = 1; at[t].pulling = 0; at[t].follower = 0; at[t].seq = 0;
           if :: seed == CursorNotReset :: else -> at[t].cursor = 0 fi;
           put(ARRIVING, m)
        :: else -> refuse(t, m); put(REFUSED, m); disturbed[m] = 1
        fi
     fi }
  :: atomic { batch[m].on && !received[m] ->
     if :: dups > 0 -> dups-- :: batch[m].on = 0 fi;
     if
     :: takesBatch(t, m) && seed != CheckpointOnReceive ->
        store(t, batch[m].key, batch[m].value, batch[m].upTo); at[t].cursor = batch[m].upTo
     :: takesBatch(t, m) && seed == CheckpointOnReceive ->
        received[m] = 1; receivedKey[m] = batch[m].key; receivedValue[m] = batch[m].value; receivedSeq[m] = batch[m].upTo;
        at[t].cursor = batch[m].upTo
     :: else
     fi;
     if
     :: batch[m].on
     :: else -> batch[m].after = 0; batch[m].upTo = 0; batch[m].key = 0; batch[m].value = 0
     fi }
  :: atomic { received[m] -> received[m] = 0;
     if :: isArriving(t, m) -> store(t, receivedKey[m], receivedValue[m], receivedSeq[m]) :: else fi;
     receivedKey[m] = 0; receivedValue[m] = 0; receivedSeq[m] = 0 }
  :: atomic { has(DRAIN, m) && isDecided(m) -> take(DRAIN, m);
     if :: (activated & bit(m)) != 0 -> put(ACTIVATED, m) :: else -> put(REFUSED, m) fi }
  :: atomic { has(DRAIN, m) && !isDecided(m) && isArriving(t, m) && at[t].cursor >= finalSeq[m] -> take(DRAIN, m);
     targetDigest[m] = digest(t); put(DRAINED, m) }
  :: atomic { has(ACTIVATE, m) && (isDecided(m) || !isArriving(t, m) || knowsPolicy(t, m)) -> take(ACTIVATE, m);
     if
     :: (activated & bit(m)) != 0 ->
        if
        :: seed == ActivateActsAgain && at[t].state != Active -> at[t].state = Active
        :: else
        fi;
        put(ACTIVATED, m)
     :: !(activated & bit(m)) && (refused & bit(m)) != 0 -> put(REFUSED, m)
     :: else ->
        if
        :: isArriving(t, m) && permits(t, m) && at[t].cursor >= finalSeq[m] && (!digests || digest(t) == finalDigest[m]) ->
           becomeHome(s, t, m);                         /* THE COMMIT POINT: row and record in one transaction */
           if
           :: seed == IntentAfterAct
           :: else -> activated = activated | bit(m); put(ACTIVATED, m)
           fi
        :: else -> refuse(t, m); put(REFUSED, m); disturbed[m] = 1
        fi
     fi;
     checkServing() }
  :: atomic { seed == IntentAfterAct && at[t].state == Active && at[t].epoch == epochOf[m] + 1 && !isDecided(m) ->
     activated = activated | bit(m); put(ACTIVATED, m) }
  /* "Tell me that it is activated, or never do it." */
  :: atomic { has(REFUSE, m) -> take(REFUSE, m);
     if :: isDecided(m) :: else -> refuse(t, m) fi;
     if :: (activated & bit(m)) != 0 -> put(ACTIVATED, m) :: else -> put(REFUSED, m) fi }
  /* After the answer, and again after a crash: what was copied goes. */
  :: atomic { (refused & bit(m)) != 0 && hasRemains(t) && seed != RefusedDataStays -> wipe(t) }
  :: atomic { has(ASK, m) -> take(ASK, m);
     if :: (activated & bit(m)) != 0 -> put(ASK_ACTIVATED, m)
        :: else -> if :: isDecided(m) :: else -> refuse(t, m); disturbed[m] = 1 fi; put(ASK_REFUSED, m) fi }
  TAKE_HAND_OVER(1)
  TAKE_HAND_OVER(2)
  od
}
