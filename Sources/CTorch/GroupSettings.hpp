// What a process is told of its group, checked, and the socket that its store listens on. No header of c10d's here.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "Support.hpp"

namespace ctorch {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

inline Milliseconds milliseconds(double seconds) {
  if (!(seconds >= 0 && seconds <= 30 * 86'400.0)) {
    throw Failure{CT_ERROR_ARGUMENT, "found a time of " + std::to_string(seconds) + " s, expected 0 to 30 days"};
  }
  return Milliseconds(int64_t(std::ceil(seconds * 1000)));
}

// For messages: "30 s", "0.5 s".
inline std::string text(double seconds) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.4g s", seconds);
  return buffer;
}

// The options with copies of their strings.
struct Settings {
  int rank, count;
  std::string host;
  uint16_t port;
  bool servesStore, isLocal;
  std::string prefix;
  double joinSeconds, waitSeconds;
  bool usesNCCL;
  at::Device device;

  explicit Settings(const ct_group_options &options)
      : rank(options.rank), count(options.count), host(options.host ? options.host : ""), port(uint16_t(options.port)),
        servesStore(options.serves_store), isLocal(options.is_local), prefix(options.prefix ? options.prefix : ""),
        joinSeconds(options.join_seconds), waitSeconds(options.wait_seconds), usesNCCL(options.uses_nccl),
        device(torchDevice(options.device)) {
    if (count < 1 || rank < 0 || rank >= count) {
      throw Failure{
          CT_ERROR_ARGUMENT, "found rank " + std::to_string(rank) + " of " + std::to_string(count) + " processes"};
    }
    if (options.port < 1 || options.port > 65'535) {
      throw Failure{CT_ERROR_ARGUMENT, "found port " + std::to_string(options.port) + ", expected 1 to 65535"};
    }
    if (isLocal) host = "127.0.0.1";
    if (host.empty()) throw Failure{CT_ERROR_ARGUMENT, "the host of the store is missing"};
    if (usesNCCL && device.is_cpu()) throw Failure{CT_ERROR_ARGUMENT, "NCCL is for tensors on a GPU"};
    milliseconds(joinSeconds);
    milliseconds(waitSeconds);
  }

  std::string name() const { return "rank " + std::to_string(rank) + " of " + std::to_string(count); }
  std::string place() const { return host + ":" + std::to_string(port); }
};

// A socket that listens on 127.0.0.1 alone: TCPStore's own listens on every interface, and asks nobody for a key.
inline int listenLocally(uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket >= 0 && ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
      ::bind(socket, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0) {
    return socket;
  }
  const std::string reason = std::strerror(errno);
  if (socket >= 0) ::close(socket);
  throw Failure{
      CT_ERROR_GROUP, "the store cannot listen on 127.0.0.1:" + std::to_string(port) + ": " + reason +
                          "; choose another port"};
}

}  // namespace ctorch
