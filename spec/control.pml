/* Control's runner of move m (MoveRunner): the durable record step[m], and in memory the step it works on and what it has
 * asked. It asks again only when the question or its answer was lost: so nothing but faults is repeated, and as faults are
 * bounded the graph of states has no cycle. */

/* The record is compared and set: another runner may have been faster. */
inline goOn(from, to) {
  if
  :: step[m] == from || seed == BackWithoutRefusal -> step[m] = to; working = to
  :: else -> working = step[m]
  fi;
  asked = 0
}
/* Question n of a step. */
#define ASKS(STEP, n, QUESTION) \
  :: atomic { working == STEP && asked == 2 * (n - 1) -> put(QUESTION, m); asked = 2 * n - 1 }
/* It, or its answer, was lost. */
#define ASKS_AGAIN(STEP, n, QUESTION, a, b, c) \
  :: atomic { working == STEP && asked == 2 * n - 1 && !has(QUESTION, m) && !has(a, m) && !has(b, m) && !has(c, m) -> \
     asked = 0; working = step[m] }
#define ANSWERED(STEP, n, ANSWER) working == STEP && asked == 2 * n - 1 && has(ANSWER, m) -> take(ANSWER, m)
#define seesForbidden(m) (revision == 2 && forbidden == m && seenByControl)
#define isBeforeCommit (working == Copying || working == Sealing || working == Draining || working == Leaving || working == Activating)

proctype Control(byte m) {
  mtype:step working; byte asked;
  atomic {
    m == 1 || step[1] == Done || step[1] == Aborted || (eager && step[1] == Erasing);
    if
    :: step[m] == Unplanned ->
       source[m] = (m == 2 && (activated & bit(1)) != 0 -> 1 : 0); target[m] = 1 - source[m];
       epochOf[m] = at[source[m]].epoch; orderRevision[m] = revision; step[m] = Copying
    :: else
    fi;
    working = step[m] }
end: do
  /* :: Step 2: copy */
  ASKS(Copying, 1, PREPARE)
  ASKS_AGAIN(Copying, 1, PREPARE, PREPARED, NOT_NOW, NOT_NOW)
  :: atomic { ANSWERED(Copying, 1, PREPARED); asked = 2 }
  ASKS(Copying, 2, ARRIVE)
  ASKS_AGAIN(Copying, 2, ARRIVE, ARRIVING, REFUSED, ACTIVATED)
  :: atomic { ANSWERED(Copying, 2, ARRIVING); goOn(Copying, Sealing);
     if
     :: seed == FinalPositionBeforeDrain -> finalSeq[m] = at[source[m]].seq; finalDigest[m] = digest(source[m])
     :: else
     fi }
  /* :: Step 3: seal */
  ASKS(Sealing, 1, SEAL)
  ASKS_AGAIN(Sealing, 1, SEAL, SEALED, NOT_NOW, NOT_NOW)
  :: atomic { ANSWERED(Sealing, 1, SEALED); goOn(Sealing, Draining) }
  :: atomic { seed == StopBeforePosition && working == Sealing && asked == 1 && isArriving(target[m], m) ->
     targetDigest[m] = digest(target[m]); finalSeq[m] = at[target[m]].cursor; goOn(Sealing, Leaving); put(SEAL, m) }
  /* :: Step 4: drain, and compare */
  ASKS(Draining, 1, DRAIN)
  ASKS_AGAIN(Draining, 1, DRAIN, DRAINED, REFUSED, ACTIVATED)
  :: atomic { ANSWERED(Draining, 1, DRAINED);
     if
     :: !digests || targetDigest[m] == finalDigest[m] -> goOn(Draining, Leaving)
     :: else -> goOn(Draining, Refusing); holds(NoLostWrite, seed != 0 && seed < LateUnsealDropsTombstones)
     fi }
  /* :: Step 5: depart */
  ASKS(Leaving, 1, DEPART)
  ASKS_AGAIN(Leaving, 1, DEPART, DEPARTING, NOT_NOW, NOT_NOW)
  :: atomic { ANSWERED(Leaving, 1, DEPARTING); goOn(Leaving, Activating) }
  /* :: Step 6: activate, if the policy still permits it */
  :: atomic { working == Activating && asked == 0 && !seesForbidden(m) ->
     if
     :: checkedRevision[m] == 0 -> checkedRevision[m] = revision;
        if :: seed == PolicyOfRequest :: else -> orderRevision[m] = revision fi
     :: else
     fi;
     put(ACTIVATE, m); asked = 1 }
  ASKS_AGAIN(Activating, 1, ACTIVATE, ACTIVATED, REFUSED, REFUSED)
  /* :: Step 7: settle */
  ASKS(Settling, 1, SETTLE)
  ASKS_AGAIN(Settling, 1, SETTLE, SETTLED, SETTLED, SETTLED)
  :: atomic { ANSWERED(Settling, 1, SETTLED); asked = 2 }
  ASKS(Settling, 2, SET_HOME)
  ASKS_AGAIN(Settling, 2, SET_HOME, HOME_SET, HOME_SET, HOME_SET)
  :: atomic { ANSWERED(Settling, 2, HOME_SET); goOn(Settling, Erasing) }
  /* :: Steps 8 and 9: erase, receipt */
  ASKS(Erasing, 1, ERASE)
  ASKS_AGAIN(Erasing, 1, ERASE, ERASED, ERASED, ERASED)
  :: atomic { ANSWERED(Erasing, 1, ERASED);
     holds(ReceiptTruthful, (activated & bit(m)) != 0 && (erased & bit(m)) != 0);
     goOn(Erasing, Done) }
  /* :: Back, step 1: the target's word */
  :: atomic { isBeforeCommit && (seesForbidden(m) || aborts > 0) ->
     if :: seesForbidden(m) :: else -> aborts-- fi;
     disturbed[m] = 1;
     if
     :: seed == BackWithoutRefusal && working != Activating -> goOn(working, Unsealing)
     :: else -> goOn(working, Refusing)
     fi }
  :: atomic { (working == Copying || working == Sealing || working == Leaving) && has(NOT_NOW, m) -> take(NOT_NOW, m);
     goOn(working, Refusing) }
  ASKS(Refusing, 1, REFUSE)
  ASKS_AGAIN(Refusing, 1, REFUSE, REFUSED, ACTIVATED, ACTIVATED)
  :: atomic { (isBeforeCommit || working == Refusing) && has(ACTIVATED, m) -> take(ACTIVATED, m); goOn(working, Settling) }
  :: atomic { (isBeforeCommit || working == Refusing) && has(REFUSED, m) -> take(REFUSED, m);
     if
     :: seed == AbortForgetsSeal -> goOn(working, Aborted)
     :: else -> goOn(working, Unsealing)
     fi }
  :: atomic { seed == BlindRetry && working == Activating && asked == 1 -> goOn(Activating, Unsealing) }
  /* :: Back, step 2: the source goes on */
  ASKS(Unsealing, 1, UNSEAL)
  ASKS_AGAIN(Unsealing, 1, UNSEAL, UNSEALED, UNSEALED, UNSEALED)
  :: atomic { ANSWERED(Unsealing, 1, UNSEALED); goOn(Unsealing, Aborted) }
  /* A crash: memory is lost, the record is read. It then asks again, so this stands for impatience as well. */
  :: atomic { restarts > 0 && asked != 0 && working != Done && working != Aborted -> restarts--; asked = 0; working = step[m] }
  :: atomic { controlDies && step[m] != Unplanned && working != Done && working != Aborted -> goto dead }
  od;
dead: skip
}

/* The directory takes an entry if its epoch is newer, and nothing else. */
proctype Directory() {
end: do
  :: atomic { has(SET_HOME, 1) -> take(SET_HOME, 1); setHome(1); put(HOME_SET, 1) }
  :: atomic { has(SET_HOME, 2) -> take(SET_HOME, 2); setHome(2); put(HOME_SET, 2) }
  od
}
