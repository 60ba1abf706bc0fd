/* The move protocol of docs/protocols/move.md, for an exhaustive search by spin. README.md says what is abstracted.
 * One account, two regions and a stranger, up to two moves, control (or two of it), the directory, two routers, three clients, a hostile
 * region, faults. */
#include "seeds.pml"
#include "state.pml"
#include "invariants.pml"
#include "network.pml"
#include "routing.pml"
#include "clients.pml"
#include "source.pml"
#include "target.pml"
#include "control.pml"
#include "hostile.pml"
#include "faults.pml"

/* What `check` sets: NAME=number in the environment. */
c_decl {
  \#include <stdlib.h>
  static int setting(const char *name, int otherwise) { const char *v = getenv(name); return v ? atoi(v) : otherwise; }
}
byte controls, clients;   /* clients: 1 writer, 2 uploader, 4 reader */

init {
  atomic {
    c_code {
      now.seed = setting("SEED", 0); now.moves = setting("MOVES", 1); now.aborts = setting("ABORTS", 0);
      now.dups = setting("DUPS", 0); now.losses = setting("LOSSES", 0); now.crashes = setting("CRASHES", 0);
      now.restarts = setting("RESTARTS", 0); now.policies = setting("POLICIES", 0); now.patience = setting("PATIENCE", 0);
      now.controlDies = setting("CONTROL_DIES", 0); now.digests = setting("DIGESTS", 1); now.routers = setting("ROUTERS", 0);
      now.hostile = setting("HOSTILE", 0); now.lies = setting("LIES", 2); now.transit = setting("TRANSIT", 0);
      now.removals = setting("REMOVALS", 0);
      now.ending = setting("ENDING", 0); now.eager = setting("EAGER", 0); now.controls = setting("CONTROLS", 1); now.clients = setting("CLIENTS", 1);
    };
    at[0].state = Active; at[0].epoch = 1; at[0].hasData = 1; at[0].hasKey = 1; at[1].state = None; at[2].state = None;
    homeOf[1] = 1; directoryEpoch = 1; cacheEpoch[0] = 1; cacheEpoch[1] = 1;
    revision = 1; known[0] = 1; known[1] = 1;
    step[1] = Unplanned; step[2] = Unplanned;
    run Source(1); run Target(1); run Control(1);
    if :: controls == 2 -> run Control(1) :: else fi;
    if :: moves == 2 -> run Source(2); run Target(2); run Control(2) :: else fi;
    run Directory(); run Faults();
    if :: hostile != 0 -> run Hostile() :: else -> lies = 0 fi;
    if :: clients & 1 -> run Writer() :: else -> writes = 4 fi;
    if :: clients & 2 -> run Uploader() :: else fi;
    if :: clients & 4 -> readsLeft = 2; run Reader() :: else fi;
    if :: ending -> run Ending() :: else fi
  }
}
