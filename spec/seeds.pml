/* Bugs that can be put into the model, one at a time: SEED=number at run time (`check` takes the name). 0: none.
 * check expects each of them to be found, and says by which invariant. */

/* Bugs that others shipped. */
#define FinalPositionBeforeDrain 1    /* control takes the final seq and digest before the seal */
#define CheckpointOnReceive 2         /* the target's cursor moves when a batch comes in, its rows are stored later */
#define CopyNotAtomic 3               /* rows and watermark are read from two different states of the source */
#define StopBeforePosition 4          /* the target is told to finish before the final position is known */
#define BlindRetry 5                  /* no answer to "activate" is taken for a no */
#define AbortForgetsSeal 6            /* going back, nobody unseals the source */
#define EraseBeforeCommit 7           /* the source erases when it departs */
#define VerifierSharesEnumeration 8   /* the copier overlooks a row, and the digest is computed from what was copied */
#define RouterCacheWithoutEpoch 9     /* a region serves because a cache says that it is the home */
#define MissedDelete 10               /* a deletion is not copied */
#define IntentAfterAct 11             /* the target opens the account, and records the activation afterwards */
#define UploadLeftBehind 12           /* a kind of rows (parts of uploads) is neither copied nor digested */

/* Loose readings of the rules of docs/protocols/move.md, by the rule's number. */
#define BackWithoutRefusal 20         /* 1: control unseals without the target's refusal */
#define RefusalForgotten 21           /* 1: the target's refusal does not survive its crash */
#define RefusalOfUnknownForgotten 22  /* 1: a move that the target never heard of is refused, but not recorded */
#define LateSealTaken 23              /* 2: seal does not look at the record of ended moves, nor at what is prepared */
#define SealOfAnyEpoch 24             /* 2: seal and prepare look at the state only */
#define UnsealOfAnyMove 25            /* 2 */
#define SettleOfAnyMove 26            /* 2 */
#define EraseOfAnyMove 27             /* 2 */
#define BatchOfAnyMove 28             /* 2, 3: a batch is taken by whatever move arrives, at its cursor */
#define TargetStillHasData 29         /* 3: departed with data left may become a target */
#define CursorNotReset 30             /* 3: a new move goes on from the old cursor */
#define NoWatermark 31                /* 4 */
#define PolicyNotChecked 32           /* 5: the target does not ask its own policy */
#define OldPolicyEnough 33            /* 5: ... or asks one older than the message names */
#define PolicyOfRequest 34            /* 5: the message names the revision of the request, not that of the last check */
#define AttemptNotRecorded 35         /* 6: a hand-over repeated is a second write */
#define AttemptOfAnyEpoch 36          /* 6 */
#define NeverTooEarly 37              /* 6: "never" is said while the epoch can still come back */
#define StagedSurvivesCrash 38        /* 6: a staged body outlives the client's connection */
#define ArrivingNamesNobody 39        /* 7: requests that meet an arriving copy have nowhere to go */
#define RefusedForgetsTombstone 40    /* 7: after a refusal the row says nothing, though it was a tombstone */
#define SourceNeverSettlesItself 41   /* 8: departing, the source does not act on "activated" */
#define SourceNeverAsks 42            /* 8: a source without control waits for ever */
#define ActivateActsAgain 43          /* 9: asked again, the target opens the account again */
#define DirectoryGoesBack 44          /* 10: the directory takes any entry */
#define CacheGoesBack 45              /* 10: a router's cache takes any entry */
#define EraseDoesNotWait 46           /* 11: open reads are not waited for */

/* What a region may say to others: each check left out (hostile.pml). */
#define PullByAnyRegion 60            /* the source does not compare who pulls with the target on record */
#define OrderNotSigned 61             /* an order is taken from whoever says that control gave it */
#define RefuseNotSigned 62            /* a peer's refuse needs no order of control's that makes it the source */
#define RefuseMakesRecord 63          /* a peer's refuse of a move that nobody ordered is recorded */
#define HandOverNotSigned 64          /* a write handed over is run as the former home tells it, not as the client signed it */
#define HandOverByAnyRegion 65        /* ... and from any region */
#define HandOverForEver 66            /* ... and after the former home has erased */
#define TransitNotApplied 67          /* the home answers whatever region relays */
#define HintFromAnyRegion 68          /* a word on a home is taken also from a region that was not asked */
#define HintOfAnyEpoch 69             /* ... and of any epoch */
#define HintOverControl 70            /* ... and kept like control's own, so that control's next word does not overrule it */
#define HintStays 71                  /* ... and never forgotten */
#define HomeDoubtsItsRow 72           /* the home passes a request on because of another region's word */
#define RemovedRegionAccepted 73      /* a region that was taken out is still a peer */

/* What this model, or reading the code against it, found in the implementation; all mended. NeverTooEarly and
 * PolicyOfRequest above were two more. */
#define RefusedDataStays 50           /* after a refusal that nobody asked for by "refuse", what was copied stayed at the target */
#define LateUnsealDropsTombstones 51  /* an unseal come late dropped the tombstones of the next move */
#define OneWatchPerAccount 52         /* an old message made the source forget to watch over the next move */
#define ErasedSaidEarly 53            /* the source signs the erasure before it has erased */
