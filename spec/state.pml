/* What exists. Regions 0 and 1, and a stranger, 2, which no move concerns. Move 1 goes from 0 to 1; move 2 back, if move 1 succeeded, else again from 0 to 1. */

/* What this run searches; set from the environment. */
byte seed;      /* a bug of seeds.pml */
byte moves;     /* 1 or 2 */
byte aborts;    /* how often somebody, or a time limit, asks for the way back */
byte dups;      /* how many messages may come twice, the second time at any later time */
byte losses;    /* how many messages may be lost (beyond never coming, which is every prefix of a run) */
byte crashes;   /* of regions, in all */
byte restarts;  /* of control: its memory is lost, its record is not */
byte policies;  /* how often the policy comes to forbid a target */
bool patience;  /* the source may ask the target by itself */
bool controlDies; /* control may vanish for ever */
bool digests;   /* digests are compared at the cut-over */
bool routers;   /* requests go through two routers with caches; else straight to whoever serves */
bool eager;     /* the second move may begin while the first one still has to erase */
byte hostile;   /* 0: nobody; else one more than the region that turns hostile (hostile.pml) */
byte lies;      /* how often it does what it should not */
bool transit;   /* policy lets requests pass through it */
byte removals;  /* how often it may be taken out of the deployment */
bool ending;    /* the states in which nothing more can happen are looked at: MoveTerminates, WritesResume */

/* The row that decides, and the rows of the account. Durable; one atomic block is one transaction. */
mtype:row = { None, Active, Sealed, Departing, Departed, Arriving };
typedef Copy {
  mtype:row state;
  byte epoch;
  byte seq;
  byte cursor;        /* arriving: complete up to here */
  byte move;          /* to which the state belongs */
  byte pulling;       /* the move whose target follows this copy */
  byte follower;      /* one more than that target: the source's record of the order */
  byte peer;          /* departed: the next home; arriving: the source */
  byte lastDeparture; /* the move record that a tombstone goes back to */
  bool hasData;
  bool hasKey;
  byte value[2];      /* key 0 is an object, key 1 an upload; 0: absent */
  byte changed[2];    /* seq of the last change */
  bool tombstone[2];  /* the deletion left a row for the feed */
};
Copy at[3];

/* Records of moves, by region and role; sets of moves, for ever. */
#define bit(m) (1 << (m))
byte activated, refused;             /* target */
byte ended, departed, erased;        /* source */
byte departureSeq[3];                /* source: what it has signed */
byte applied;                        /* target: set of attempts, stored in the write's own transaction */

/* Control. The order (source, target, epoch) never changes; step is its durable record, compared and set. */
mtype:step = { Unplanned, Copying, Sealing, Draining, Leaving, Activating, Refusing, Unsealing, Settling, Erasing, Done, Aborted };
mtype:step step[3];
byte source[3], target[3], epochOf[3];
byte orderRevision[3];               /* the policy that "activate" names */
byte checkedRevision[3];             /* ghost: the policy that control asked before it first sent it */
byte finalSeq[3], finalDigest[3];    /* the source's answer to "seal" */
byte targetDigest[3];                /* the target's answer to "drain" */
bool disturbed[3];                   /* ghost: something asked this move to go back */
byte directoryHome, directoryEpoch;
byte revision, known[2], forbidden;  /* policy: control's revision, the regions', and the move whose target the newest forbids */
bool seenByControl;                  /* control sees it too; else only who sees the account's categories */

/* Volatile parts. */
byte watch[2];                       /* source: set of moves that it means to ask about */
bool openRead[2];                    /* a read has passed its check of the state */
bool received[3]; byte receivedKey[3], receivedValue[3], receivedSeq[3];   /* CheckpointOnReceive only */

/* The stream: at most one batch of a move is under way. key 2: no change, only the watermark. */
typedef Batch { bool on; byte after; byte upTo; byte key; byte value };
Batch batch[3];
bool halfRead[3]; byte halfKey[3], halfValue[3];                           /* CopyNotAtomic only */

/* What routers know by control's word, and what a region to which they passed a request has said beyond it. */
byte cacheHome[2], cacheEpoch[2], hintHome[2], hintEpoch[2];
bool removed;                        /* the hostile region is of the deployment no more */
byte passed;                         /* ghost: attempts whose signed request the hostile region has seen */

/* Ghosts: the one true history, and what clients were told. */
byte seqMax, trueValue[2], trueSeq[2], acknowledged[2], homeOf[5];
byte timesApplied[3], toldNever;

/* A write whose body arrives while the account moves: 0 none, 1 staged, 2 handed over, 3 committed, 4 answered, 5 given up */
byte upload, uploadRegion, uploadEpoch, attempt, attemptMove[3];
bool leftover; byte leftoverRegion, leftoverEpoch;                         /* StagedSurvivesCrash only */
/* A client that writes: operations done (put; delete; each two steps). */
byte writes, writeRouter, writeRegion; bool writeUnderWay;
/* A client that reads: 0 idle, 1 asked, 2 open, 3 cut, 9 done. */
byte reading, readRouter, readRegion, readFloor, readLast, readsLeft;

/* Over all rows; in two seeded bugs only over those that the copier sees. */
#define overlooked(r, k) ((seed == VerifierSharesEnumeration && at[r].changed[k] == at[r].seq) || (seed == UploadLeftBehind && k == 1))
#define digest(r) ((overlooked(r, 0) -> 0 : at[r].value[0]) + 8 * (overlooked(r, 1) -> 0 : at[r].value[1]))
#define serves(r) (at[r].state == Active || at[r].state == Sealed)
/* A tombstone whose own erasure is still to come: the source role's to erase, not the target role's. */
#define ownCopy(r) (at[r].state == Departed && at[r].lastDeparture != 0 && !(erased & bit(at[r].lastDeparture)))
/* What a refused move has brought and nobody has wiped yet. */
#define hasRemains(r) (at[r].hasData && (at[r].state == None || at[r].state == Departed) && !ownCopy(r))

inline wipe(r) {
  at[r].value[0] = 0; at[r].value[1] = 0; at[r].changed[0] = 0; at[r].changed[1] = 0;
  at[r].tombstone[0] = 0; at[r].tombstone[1] = 0; at[r].hasData = 0; at[r].hasKey = 0
}
