#!/usr/bin/env bash
# Builds programs that depend on Patron by version, outside the checkout, and runs them:
#
#   1. one on all text rooms, under the rules of tools version 6.1, which refuse unsafe flags, and without libtorch;
#   2. Examples/library on PatronKit, with what `make install-library` installs.
#
# What is committed or changed in tracked files is tested; new files must be added to git first. `make test` calls this.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# SwiftPM remembers repositories by their path: a folder that never was, so that no older tag is met.
work=$(mktemp -d "${TMPDIR:-/tmp}/patron-library.XXXXXX")
work=$(cd "$work" && pwd -P)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "check_library: $1" >&2
  exit 1
}
git() { command git -c user.name=patron -c user.email=patron@localhost -c advice.detachedHead=false "$@"; }

# --- A tagged clone ----------------------------------------------------------------------------------------------

state=$(git -C "$root" stash create)
git clone --quiet --shared --no-tags "$root" "$work/patron"
git -C "$work/patron" checkout --quiet --detach "${state:-$(git -C "$root" rev-parse HEAD)}"
git -C "$work/patron" tag 0.0.1
sed -i '1s/.*/\/\/ swift-tools-version: 6.1/' "$work/patron/Package.swift"
git -C "$work/patron" commit --quiet --all --message "Under the rules of 6.1"
git -C "$work/patron" tag 0.0.2

# Both builds share the scratch folder, so that what they have in common is compiled once. The flag is the depending
# package's own: each token walks a vocabulary.
build=(--quiet --scratch-path "$work/build" -Xswiftc -O)
article=$root/Examples/article.md

# --- The text rooms ----------------------------------------------------------------------------------------------

rooms="Constraints Files Funding Generation JSON ModelFiles Runs Scoring Text TextRepair Tokenizer TrainingData"
mkdir -p "$work/text/Sources/places"
cat > "$work/text/Package.swift" <<END
// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "places",
  dependencies: [.package(url: "$work/patron", exact: "0.0.2")],
  targets: [
    .executableTarget(
      name: "places",
      dependencies: [$(for room in $rooms; do printf '.product(name: "%s", package: "patron"), ' "$room"; done)])
  ]
)
END
{
  for room in $rooms; do echo "import $room"; done
  cat <<'END'
import Foundation

let article = try ArticleText([UInt8](Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))))
let funders = try FunderReader.funders(
  in: #"[{"funder_name": "Research Council of Norway", "awards": [{"award_ids": ["287402"]}]}]"#)
for funder in funders { print(funder.name ?? "unnamed", funder.awards.flatMap(\.awardIDs), article.bytes.count) }
END
} > "$work/text/Sources/places/main.swift"

echo "check_library: a program on the text rooms" >&2
found=$(env -u LIBTORCH -u PKG_CONFIG_PATH swift run --package-path "$work/text" "${build[@]}" places "$article")
[ "$found" = "Research Council of Norway [\"287402\"] $(wc -c < "$article")" ] ||
  fail "the program on the text rooms wrote: $found"

# --- PatronKit ---------------------------------------------------------------------------------------------------

make -C "$root" --no-print-directory install-library PREFIX="$work/prefix" DESTDIR= > "$work/install.log" 2>&1 ||
  fail "make install-library failed: $(tail -n 5 "$work/install.log")"
cp -R "$root/Examples/library" "$work/library"
sed -i "s|\.package(name: \"patron\", path: .*)|.package(url: \"$work/patron\", exact: \"0.0.1\")|" \
  "$work/library/Package.swift"
grep -q 'exact: "0.0.1"' "$work/library/Package.swift" || fail "found no dependency on patron in Examples/library"

echo "check_library: Examples/library on PatronKit" >&2
found=$(
  env -u LIBTORCH PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig" PATRON_MODELS="$work/prefix/share/patron/models" \
    swift run --package-path "$work/library" "${build[@]}" funders "$article"
)
echo "$found"
case $found in
*"Research Council of Norway: 287402"*) ;;
*) fail "Examples/library did not find the Research Council of Norway and its award 287402" ;;
esac
