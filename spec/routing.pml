/* Routers: each caches where the account is. Any region's row outranks the cache. */

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

/* Router i's request met region r, which does not serve it: on to where its row says, or to a newer home. */
inline follow(i, r) {
  if
  :: at[r].state == Departed ->
     learn(i, at[r].peer, at[r].epoch + 1);
     r = (cacheEpoch[i] > at[r].epoch + 1 && cacheHome[i] != r -> cacheHome[i] : at[r].peer)
  :: at[r].state == Arriving && seed != ArrivingNamesNobody ->
     r = (cacheEpoch[i] > at[r].epoch && cacheHome[i] != r -> cacheHome[i] : at[r].peer)
  :: else ->
     learn(i, directoryHome, directoryEpoch); r = directoryHome
  fi
}
#define mustFollow(r) (at[r].state == Departed || at[r].state == Arriving || at[r].state == None)
