/* The invariants, by name. A violated one shows in the checker's output by its number; `check` prints the name. */
#define NoLostWrite 201        /* what was committed is there, in the one order */
#define NoResurrection 202     /* what was deleted, or answered "never", does not come back */
#define SingleWriter 203       /* per epoch one region commits; seqs never fork */
#define NoEarlyServe 204       /* the target serves only when the source has stopped */
#define LinearizableReads 205  /* a read never goes back behind a write or a read that ended before it began */
#define ReadYourWrites 206     /* the same for what the client itself was answered */
#define EraseAfterCommit 207   /* nothing is erased before the target has activated, nor the living copy */
#define EraseComplete 208      /* a copy that is not the home's leaves nothing behind when its move is over */
#define ReceiptTruthful 209    /* what the regions sign is so */
#define PolicyRespected 210    /* no account goes live where the policy named by the order forbids it */
#define MoveTerminates 211     /* each move ends; undisturbed, at the target */
#define OnlyItsOwn 213         /* no region reads or changes an account that it is neither home, target nor permitted relay of */
#define WritesResume 212       /* in the end exactly one region takes writes, and no request is left waiting */

#define holds(Name, condition) assert(Name && (condition))

/* A write commits at region r: the fence, and the one history that all is compared with. */
inline commit(r, k, newValue) {
  holds(SingleWriter, at[r].state == Active);
  at[r].seq++; seqMax++;
  holds(SingleWriter, homeOf[at[r].epoch] == r + 1);
  holds(NoLostWrite, at[r].seq == seqMax);
  at[r].value[k] = newValue; at[r].changed[k] = at[r].seq;
  at[r].tombstone[k] = (newValue == 0 && at[r].pulling != 0);
  trueValue[k] = newValue; trueSeq[k] = seqMax
}

/* A row has changed: who may serve now? */
inline checkServing() {
  holds(SingleWriter, !(at[0].state == Active && at[1].state == Active));
  holds(NoEarlyServe, !(at[0].state == Active && at[1].state == Sealed) && !(at[0].state == Sealed && at[1].state == Active))
}

/* Target t becomes the home. */
inline checkActivation(s, t, m) {
  holds(NoEarlyServe, at[s].state == Departing && at[s].move == m);
  holds(SingleWriter, homeOf[at[t].epoch] == 0);
  homeOf[at[t].epoch] = t + 1;
  holds(NoResurrection, !(at[t].value[0] != 0 && trueValue[0] == 0) && !(at[t].value[1] != 0 && trueValue[1] == 0));
  holds(NoLostWrite, at[t].seq == seqMax && at[t].value[0] == trueValue[0] && at[t].value[1] == trueValue[1]);
  holds(ReceiptTruthful, departureSeq[m] == at[t].seq);
  holds(PolicyRespected, !(forbidden == m && checkedRevision[m] == 2))
}
