/* Routers: each knows where the account is by control's word. Any region's row outranks that. What another region says
 * goes beyond control's word by one epoch at most, is forgotten after a while, and never comes to be control's. */

inline setHome(m) {
  if
  :: directoryEpoch < epochOf[m] + 1 || seed == DirectoryGoesBack ->
     directoryEpoch = epochOf[m] + 1; directoryHome = target[m]
  :: else
  fi
}

inline learn(i, newHome, newEpoch) {
  if
  :: cacheEpoch[i] < newEpoch || seed == CacheGoesBack -> cacheHome[i] = newHome; cacheEpoch[i] = newEpoch
  :: else
  fi
}

#define isPeer(r) (!(removed && r == hostile - 1) || seed == RemovedRegionAccepted)
#define goesByHint(i) (hintEpoch[i] > cacheEpoch[i] && isPeer(hintHome[i]))
#define believed(i) (goesByHint(i) -> hintHome[i] : cacheHome[i])

/* Region r says so to router i, which has passed a request to it. What lies further ahead control is asked about. */
inline hear(i, newHome, newEpoch) {
  if
  :: newEpoch > cacheEpoch[i] && isPeer(newHome) ->
     if
     :: seed == HintOverControl -> learn(i, newHome, newEpoch)
     :: else ->
        if
        :: newEpoch == cacheEpoch[i] + 1 || seed == HintOfAnyEpoch -> hintHome[i] = newHome; hintEpoch[i] = newEpoch
        :: else -> learn(i, directoryHome, directoryEpoch)
        fi
     fi
  :: else
  fi
}

/* Router i sends a request on. No stranger gets it by a word of its own; by the former home's, until control's next word. */
inline enter(i, r) {
  r = believed(i);
  holds(OnlyItsOwn, r != 2 || (hostile == 1 && goesByHint(i) && hintEpoch[i] == cacheEpoch[i] + 1))
}

/* Router i's request met region r, which does not serve it: on to where its row says, or to a newer home. */
inline follow(i, r) {
  if
  :: at[r].state == Departed ->
     hear(i, at[r].peer, at[r].epoch + 1);
     r = (cacheEpoch[i] > at[r].epoch + 1 && cacheHome[i] != r -> cacheHome[i] : at[r].peer)
  :: at[r].state == Arriving && seed != ArrivingNamesNobody ->
     r = (cacheEpoch[i] > at[r].epoch && cacheHome[i] != r -> cacheHome[i] : at[r].peer)
  :: else ->
     learn(i, directoryHome, directoryEpoch); r = directoryHome
  fi
}
#define mustFollow(r) (at[r].state == Departed || at[r].state == Arriving || at[r].state == None)
