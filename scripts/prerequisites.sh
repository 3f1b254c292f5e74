#!/bin/sh
# Says at once everything that is missing to build Patron; exits 1 if anything is.
missing=0
need() {
  printf 'missing: %s\n    %s\n' "$1" "$2" >&2
  missing=1
}

[ "$(uname -s)" = Linux ] || need "Linux (found $(uname -s))" "Patron is built and tested on Linux."

if command -v swift >/dev/null 2>&1; then
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
  set -- ${version:-0 0}
  if [ "$1" -lt 6 ] || { [ "$1" -eq 6 ] && [ "$2" -lt 2 ]; }; then
    need "Swift 6.2 or newer (found $1.$2)" "Install a newer toolchain from swift.org."
  fi
else
  need "Swift 6.2 or newer" "Install a toolchain from swift.org and put its bin folder on PATH."
fi

if command -v python3 >/dev/null 2>&1; then
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' ||
    need "Python 3.8 or newer (found $(python3 --version 2>&1))" "Debian: apt-get install python3"
  version=$(python3 -m pip --version 2>/dev/null | sed -n 's/^pip \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
  if [ -z "$version" ]; then
    need "pip for python3" "Debian: apt-get install python3-pip"
  else
    set -- $version
    if [ "$1" -lt 20 ] || { [ "$1" -eq 20 ] && [ "$2" -lt 3 ]; }; then
      # Older ones take a single --platform, and the pinned wheels have several.
      need "pip 20.3 or newer (found $1.$2)" "python3 -m pip install --upgrade pip"
    fi
  fi
else
  need "Python 3.8 or newer" "Debian: apt-get install python3 python3-pip"
fi

command -v git >/dev/null 2>&1 || need "git, with which SwiftPM fetches packages" "Debian: apt-get install git"

# Swift brings its own clang; what it needs of the system is the C++ standard library with its headers.
compiler=$(command -v clang++ || command -v c++ || command -v g++ || true)
if [ -z "$compiler" ]; then
  need "a C++ compiler" "Debian: apt-get install g++"
elif ! printf '#include <vector>\nint main() { return std::vector<int>().size(); }\n' |
  "$compiler" -std=c++20 -x c++ -fsyntax-only - >/dev/null 2>&1; then
  need "the C++ standard library's headers (C++20)" "Debian: apt-get install libstdc++-12-dev, or g++"
fi

exit $missing
