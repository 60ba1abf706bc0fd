/* The network is a bag: net[KIND] holds the set of moves (of attempts, for hand-overs) of which such a message is under way.
 * So order is free; a message that is never taken is lost as far as safety goes; `losses` drops messages for good, which
 * matters for progress; `dups` leaves a copy behind when a message is taken. */
#define PREPARE 0
#define PREPARED 1
#define ARRIVE 2
#define ARRIVING 3
#define SEAL 4
#define SEALED 5
#define DRAIN 6
#define DRAINED 7
#define DEPART 8
#define DEPARTING 9
#define ACTIVATE 10
#define ACTIVATED 11
#define REFUSE 12
#define REFUSED 13
#define UNSEAL 14
#define UNSEALED 15
#define SETTLE 16
#define SETTLED 17
#define ERASE 18
#define ERASED 19
#define SET_HOME 20
#define HOME_SET 21
#define NOT_NOW 22     /* the source's no, to prepare, seal and depart */
#define ASK 23         /* the source asks the target: "tell me that it is activated, or never do it" */
#define ASK_ACTIVATED 24
#define ASK_REFUSED 25
#define HAND_OVER 26   /* of an attempt, as the next two */
#define APPLIED 27
#define NEVER 28
#define KINDS 29
byte net[KINDS];

#define has(KIND, m) ((net[KIND] & bit(m)) != 0)
inline put(KIND, m) { net[KIND] = net[KIND] | bit(m) }
inline take(KIND, m) {
  if
  :: dups > 0 -> dups--
  :: net[KIND] = net[KIND] & (255 - bit(m))
  fi
}
