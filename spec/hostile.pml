/* A region that has turned hostile: 1 the former home, once it has departed; 2 a target that has refused; 3 the stranger. It
 * has its identity and what it knows, and may send any message that a region may send, to anyone, at any time, LIES times.
 * Besides, it goes on as before, which is the worst: who stays silent is a crash. A message is sent and taken at once: that
 * it is late is that it is sent late.
 *
 * What a step of it does is what the receiver's checks let it do; `holds` says what it may. Whatever is refused changes
 * nothing and is no step here: orders of control without its signature, pulls and hand-overs without a record. */

#define liar (hostile - 1)
#define hasTurned (hostile == 3 || (hostile == 1 && at[0].state == Departed) || (hostile == 2 && at[1].state == None && (refused & bit(1)) != 0))
#define lies_ (lies > 0 && hasTurned && isPeer(liar))
#define isUnderWay(m) (step[m] != Unplanned && step[m] != Done && step[m] != Aborted)

/* Asks region r for the stream of move m: account, key and all. The source goes by the target on record. */
#define PULLS(r, m) \
  :: atomic { lies_ && r != liar && feeds(r, m) && (at[r].follower == liar + 1 || seed == PullByAnyRegion) -> lies--; \
     holds(OnlyItsOwn, isUnderWay(m) && !removed && at[r].follower == liar + 1 && target[m] == liar) }

/* Says that control ordered region r to let it follow, or to erase. */
#define FORGES(r, m) \
  :: atomic { lies_ && r != liar && seed == OrderNotSigned && isUnderWay(m) && canPrepare(r, m) -> lies--; \
     at[r].pulling = m; at[r].follower = liar + 1 } \
  :: atomic { lies_ && r != liar && seed == OrderNotSigned && at[r].hasKey -> lies--; destroyKey(r, m) }

/* Asks the target to refuse. Only the source may, who has control's order in hand. */
#define REFUSES(m) \
  :: atomic { lies_ && isUnderWay(m) && !isDecided(m) && target[m] != liar && (source[m] == liar || seed == RefuseNotSigned) -> \
     lies--; disturbed[m] = 1; holds(OnlyItsOwn, source[m] == liar && !removed); refuse(target[m], m) } \
  :: atomic { lies_ && step[m] == Unplanned && !isDecided(m) && seed == RefuseMakesRecord -> lies--; refused = refused | bit(m) }

/* Hands a write over to the home that followed: the client's, signed, of which it kept a copy; or one that nobody signed. An
 * attempt that was made already is answered from its record. */
#define mayHandOver(m) (source[m] == liar && !removed && (erased & bit(m)) == 0)
#define takesHandOver(m) (lies_ && (activated & bit(m)) != 0 && (source[m] == liar || seed == HandOverByAnyRegion) && ((erased & bit(m)) == 0 || seed == HandOverForEver) && at[target[m]].state == Active && at[target[m]].epoch == epochOf[m] + 1)
#define HANDS_OVER(m, a) \
  :: atomic { takesHandOver(m) && (passed & bit(a)) != 0 && !(applied & bit(a)) && timesApplied[a] == 0 && (toldNever & bit(a)) == 0 -> \
     lies--; holds(OnlyItsOwn, mayHandOver(m)); apply(target[m], a); applied = applied | bit(a) }
#define INVENTS(m) \
  :: atomic { takesHandOver(m) && seed == HandOverNotSigned -> lies--; commit(target[m], 0, 2); holds(OnlyItsOwn, seed == 0) }

/* Relays a client's request, and sees what is answered. The home applies the policy to the region that relays. */
#define RELAYS(r) \
  :: atomic { lies_ && r != liar && serves(r) && (transit || seed == TransitNotApplied) -> lies--; \
     holds(OnlyItsOwn, transit && !removed) }

/* Says to router i where the account is: in whichever region, in whichever epoch. */
#define SAYS(i, h, e) \
  :: atomic { lies_ && routers && (believed(i) == liar || seed == HintFromAnyRegion || (seed == HomeDoubtsItsRow && at[i].state == Active)) -> \
     lies--; hear(i, h, e) }

proctype Hostile() {
end: do
  PULLS(0, 1) PULLS(1, 1) PULLS(0, 2) PULLS(1, 2)
  FORGES(0, 1) FORGES(1, 2) FORGES(0, 2)
  REFUSES(1) REFUSES(2)
  HANDS_OVER(1, 1) HANDS_OVER(1, 2) HANDS_OVER(2, 1) HANDS_OVER(2, 2) INVENTS(1) INVENTS(2)
  RELAYS(0) RELAYS(1)
  SAYS(0, 0, 1) SAYS(0, 0, 2) SAYS(0, 0, 3) SAYS(0, 1, 2) SAYS(0, 1, 3) SAYS(0, 2, 2) SAYS(0, 2, 3)
  SAYS(1, 0, 1) SAYS(1, 0, 2) SAYS(1, 0, 3) SAYS(1, 1, 2) SAYS(1, 1, 3) SAYS(1, 2, 2) SAYS(1, 2, 3)
  od
}
