// Package squash folds the entries of an image's layers, oldest layer first,
// into the one tree that a container would see.
//
// # Rules
//
// The rules are those of the OCI image specification ("Image Layer Filesystem
// Changeset") and, where it is silent, of the overlay file system that runs
// nearly all containers:
//
//   - A whiteout and an opaque directory hide only what older layers brought,
//     wherever in their own layer they stand.
//   - A directory over a directory keeps the older children and takes the newer
//     metadata. Anything else replaces what was there, with all below it.
//   - A parent directory that no entry brought is made up, and replaces an older
//     layer's file or symlink of that name: overlay would show the new directory.
//   - An entry whose parent is a symlink of its own layer lands where the symlink
//     points, inside the root, as extracting the layer would put it.
//   - A hard link is a second name for what its target is at that moment, from
//     whatever layer; changing the one later leaves the other.
//
// # Cost
//
// Adding costs the depth of the path. Hiding costs what it removes, and each
// directory is searched at most once a layer, so that no order of entries makes
// folding quadratic. Tree.Limit bounds the nodes, including those of parents
// that no entry brought.
package squash
