// Part of CTorch.h: several processes.
#ifndef PATRON_CTORCHPROCESSES_H
#define PATRON_CTORCHPROCESSES_H

#include "CTorch.h"

#ifdef __cplusplus
extern "C" {
#endif

// --- Processes -------------------------------------------------------------------------------------------------
//
// Processes that compute together find one another by a store, a server of small values that one of them (or torchrun)
// runs. Every collective (sum, max, broadcast, barrier) is called by all of them in the same order, from one thread;
// the others may be called from any thread. Once one has failed with CT_ERROR_GROUP the group is of no more use.

typedef struct {
  int32_t rank;          // of this process, from 0
  int32_t count;         // of processes
  const char *host;      // of the store
  int32_t port;          // of the store
  bool serves_store;     // whether this process is to run it
  bool is_local;         // all processes are on this machine: everything is bound to 127.0.0.1, `host` is not looked at
  const char *prefix;    // of the store's keys; another one for each attempt, as a store may outlive it
  double join_seconds;   // how long the others are waited for here
  double wait_seconds;   // how long they are in each collective
  bool uses_nccl;        // for tensors on `device`, a GPU; else they go by way of the CPU, as CPU tensors do, by Gloo
  ct_device device;
} ct_group_options;

// Waits until all processes have joined. *out is freed with ct_group_free.
ct_status ct_group_join(const ct_group_options *options, ct_group **out);
// In place, of dense tensors of the same shape and dtype on all processes: sum, largest element, rank 0's values. Sums
// are formed in an order that depends on the number of processes alone.
ct_status ct_group_sum(ct_group *group, ct_tensor *tensor);
ct_status ct_group_max(ct_group *group, ct_tensor *tensor);
ct_status ct_group_broadcast(ct_group *group, ct_tensor *tensor);
// Returns once all processes have called it.
ct_status ct_group_barrier(ct_group *group, double seconds);
// The store: a value of any length by its key, over what was there.
ct_status ct_group_put(ct_group *group, const char *key, const void *bytes, size_t byte_count);
// The value as a tensor of uint8; *out is null where none is there within the time. 0 seconds: only looks.
ct_status ct_group_get(ct_group *group, const char *key, double seconds, ct_tensor **out);
// The process whose connection to this one broke without a word: it has ended, or was ended. -1: none. Each process
// watches the one before it, rank 0 the last.
int32_t ct_group_lost(const ct_group *group);
// A barrier, after which processes may end without being missed.
ct_status ct_group_leave(ct_group *group, double seconds);
void ct_group_free(ct_group *group);
// Version of NCCL, such as 22809, with all functions that are called here: of the one that is loaded (with
// libtorch_cuda), or of this library, which is then loaded.
ct_status ct_nccl_version(const char *library, int32_t *out);

#ifdef __cplusplus
}
#endif
#endif
