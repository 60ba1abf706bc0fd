/* What goes wrong, as often as the run allows. A region's crash takes its open reads, staged bodies and received batches; all
 * else is in its database. A message that is lost, or a region that does not answer for a while, is the same to others. */

inline crash(r) {
  crashes--;
  if :: openRead[r] -> openRead[r] = 0; reading = 3 :: else fi;
  if
  :: (upload == 1 || upload == 2) && uploadRegion == r ->
     if
     :: seed == StagedSurvivesCrash && upload == 1 -> leftover = 1; leftoverRegion = r; leftoverEpoch = uploadEpoch
     :: else
     fi;
     upload = 0
  :: else
  fi;
  if :: received[1] && target[1] == r -> received[1] = 0 :: else fi;
  if :: received[2] && target[2] == r -> received[2] = 0 :: else fi;
  if :: at[r].state == Sealed || at[r].state == Departing -> watch[r] = bit(at[r].move) :: else -> watch[r] = 0 fi;
  if
  :: seed == RefusalForgotten && target[1] == r && (refused & bit(1)) != 0 && hasRemains(r) ->
     refused = refused & (255 - bit(1));      /* the row was never written either: it arrives on */
     at[r].state = Arriving; at[r].move = 1; at[r].epoch = epochOf[1]; at[r].peer = source[1]; at[r].cursor = finalSeq[1]
  :: else
  fi
}
/* Otherwise a crash changes nothing, and need not be looked at. */
#define hurts(r) (openRead[r] || ((upload == 1 || upload == 2) && uploadRegion == r) || (received[1] && target[1] == r) || (received[2] && target[2] == r) || seed == RefusalForgotten)

#define LOSES(KIND) :: atomic { losses > 0 && net[KIND] != 0 -> losses--; net[KIND] = 0 }

proctype Faults() {
end: do
  :: atomic { crashes > 0 && hurts(0) -> crash(0) }
  :: atomic { crashes > 0 && hurts(1) -> crash(1) }
  :: atomic { policies > 0 && step[moves] != Unplanned && !isDecided(moves) && step[moves] != Unsealing ->
     policies--; revision = 2; forbidden = moves;
     if :: seenByControl = 1 :: seenByControl = 0 fi }
  :: atomic { known[0] < revision -> known[0] = revision }
  :: atomic { known[1] < revision -> known[1] = revision }
  :: atomic { removals > 0 && hostile != 0 -> removals--; removed = 1 }
  /* Control's word comes to every region; another's is forgotten. Only where somebody lies: else neither changes a thing. */
  :: atomic { hostile != 0 && routers && cacheEpoch[0] < directoryEpoch -> learn(0, directoryHome, directoryEpoch) }
  :: atomic { hostile != 0 && routers && cacheEpoch[1] < directoryEpoch -> learn(1, directoryHome, directoryEpoch) }
  :: atomic { hostile != 0 && hintEpoch[0] != 0 && seed != HintStays -> hintEpoch[0] = 0; hintHome[0] = 0 }
  :: atomic { hostile != 0 && hintEpoch[1] != 0 && seed != HintStays -> hintEpoch[1] = 0; hintHome[1] = 0 }
  :: atomic { leftover && at[leftoverRegion].state == Active && at[leftoverRegion].epoch == leftoverEpoch ->
     leftover = 0;
     holds(NoResurrection, upload != 4);      /* the client's later attempt was answered already */
     commit(leftoverRegion, 1, 4) }
  LOSES(PREPARE) LOSES(PREPARED) LOSES(ARRIVE) LOSES(ARRIVING) LOSES(SEAL) LOSES(SEALED) LOSES(DRAIN) LOSES(DRAINED)
  LOSES(DEPART) LOSES(DEPARTING) LOSES(ACTIVATE) LOSES(ACTIVATED) LOSES(REFUSE) LOSES(REFUSED) LOSES(UNSEAL) LOSES(UNSEALED)
  LOSES(SETTLE) LOSES(SETTLED) LOSES(ERASE) LOSES(ERASED) LOSES(SET_HOME) LOSES(HOME_SET) LOSES(NOT_NOW)
  LOSES(ASK) LOSES(ASK_ACTIVATED) LOSES(ASK_REFUSED) LOSES(HAND_OVER) LOSES(APPLIED) LOSES(NEVER)
  :: atomic { losses > 0 && batch[1].on -> losses--; batch[1].on = 0 }
  :: atomic { losses > 0 && batch[2].on -> losses--; batch[2].on = 0 }
  od
}

/* Progress. Every step goes forward and faults are bounded, so that the graph has no cycle (checked by the second search):
 * whatever the order, a state comes in which nothing can happen any more. There: */
proctype Ending() {
  byte h, m;
  timeout;
  d_step {
    holds(WritesResume, (at[0].state == Active) + (at[1].state == Active) == 1);
    h = (at[1].state == Active -> 1 : 0);
    holds(NoLostWrite, at[h].value[0] == trueValue[0] && at[h].value[1] == trueValue[1] && at[h].seq == seqMax);
    holds(WritesResume, writes == 4 && (upload == 0 || upload >= 4) && reading == 0 && readsLeft == 0);
    m = 1;
    do
    :: m <= moves ->
       holds(MoveTerminates, controlDies || step[m] == Done || step[m] == Aborted);
       holds(MoveTerminates, controlDies || disturbed[m] || step[m] == Done);
       holds(EraseComplete, controlDies || !at[1 - h].hasData);
       m++
    :: else -> break
    od;
    holds(MoveTerminates, controlDies || (directoryHome == h && directoryEpoch == at[h].epoch))
  }
}
