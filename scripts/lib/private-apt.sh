# Sourced: apt for packages that are unpacked into a folder of ours, never installed. Needs no root and leaves the system as it is.

# private_apt <work folder>: sets `apt`, the options that keep lists, archives and locks inside the work folder.
private_apt() {
  mkdir -p "$1/lists/partial" "$1/archives/partial"
  apt=(-qq -o Debug::NoLocking=1 -o APT::Sandbox::User= -o Acquire::Languages=none -o Acquire::Retries=3
    -o Dir::State::lists="$1/lists" -o Dir::Cache="$1" -o Dir::Cache::archives="$1/archives")
}
