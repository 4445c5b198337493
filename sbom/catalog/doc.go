// Package catalog is the engine that turns an image into an inventory.
//
// [Image] reads every layer's tar stream once, layers in parallel. For each
// regular file it asks the detectors, by header and first bytes, who wants it;
// hashes executables as they go by; and skips the rest. What detectors say about
// one file is a fragment. When all layers are read, the fragments are folded,
// oldest layer first, into one [sbom.Inventory].
//
// # The fold
//
// A fact lives as long as the file that it came from is visible. A component is
// the same in two layers when detector, file path and key are: then a later
// layer that changes what is known about it (version, purl, hashes, licences,
// the digests of its files) is its Modified, and one that rewrites or hides the
// file so that it is no longer named is its Removed. Removed components stay in
// the inventory with Visible false. An upgrade that changes the path, as that of
// a Python distribution does, is still one: when in one layer one component of a
// key goes and one comes, they are the same and the layer is its Modified.
//
// # Ownership
//
// Packages record paths as they ship them. A path is led through the symlinks of
// directories in the squashed view (/bin/ls is usr/bin/ls on a merged system)
// and through diversions. Among claims on a file, one recorded by a package
// manager wins over one on a directory, and that over one by content; a deeper
// directory wins over a higher; a distribution's package over a language's; and
// among packages that record the same path, the one whose digest the file has.
//
// A component found in a file that such a package ships is connected to the
// package by a relationship of type owns.
//
// What a detector finds by looking at a file as such ([detect.Fragment].Yields) counts
// where nobody speaks for the file. The component that it takes the file for gives way to
// the owner and stays as the owner's evidence; a library that is built in stays, contained in
// the owner, unless that is a distribution's package. A file that is not as its package
// recorded it is not that package's word any more: there, both stand. Of a file that says nothing,
// and that nobody owns, the component that another file of its project is has evidence, if they are
// linked or lie beside each other ([detect.Fragment].Kin). The file stays a gap.
//
// # What is hashed
//
// Executables ([sbom.FileKind]) and files that a detector read get sha256, and where
// distributions put their files also what the package manager is expected to have
// recorded: md5 for dpkg, sha1 for apk. When the expectation turns out wrong, as for a
// deb that installs to /opt, the layer is read again for these files alone. The
// inventory states sha256 and what the owner recorded. Every other recorded digest
// stays unchecked, unless Options.HashAll.
//
// # What is held
//
// A file that a detector wants is held in memory while it reads it, within
// Options.MemoryBudget. Of programs of 256 KiB and more only what the detectors' sieves
// pick is kept ([detect.Sifter]), some hundred KiB for each of them and beside the
// budget. Reading a layer takes about 5 MiB besides.
//
// What is larger than the whole budget, 16 MiB, goes to a nameless file in
// Options.SpillDir while it is read, and nothing else does:
//
//   - archives of Java, a few of which are that large, and Python's wheels and eggs,
//     which hardly ever are;
//   - databases of packages: that of RPM has 20 KiB and more for each package;
//   - images and modules of the kernel;
//   - programs of which a sieve kept too little, which are read a second time: of Go
//     1.17 and older, of Go for Windows and macOS, of Rust with a list of crates, and those
//     with a payload behind them, such as Python's or Node's;
//   - archives of Electron.
//
// Databases of dpkg and apk, copyright files and lock files are smaller.
//
// # The layer cache
//
// What a layer says depends on its bytes, the detectors and a few options. With
// Options.Cache it is kept under a key made of these, and a layer that is there is
// not opened: a base image is read once for any number of images. When all layers
// of an image come together again, the inventory is kept as a whole. The inventory
// is the same, to the byte, with any cache and without one.
//
// The key has the layer's diffID and, where the image states it, the digest of its
// blob, and the limits of image.Options. That the bytes have these digests, and keep to
// these limits, was verified when they were read, and is then vouched for by the cache:
// that a blob is gone or was changed since is not noticed. A layer without a diffID is
// not cached, nor is one whose reading failed.
//
// A value has a checksum and names its key: one that is damaged, cut off or in the
// wrong place is not used, and replaced. That is no protection against whoever can
// write to the cache: a forged value is believed. So a cache belongs to those whose
// inventories are made with it, and to nobody else.
//
// A cache that fails makes a run slower, and never fails it; Options.Logger is told.
//
// # What can go wrong
//
// A layer that cannot be read to its end fails the whole call. What was read and
// not understood, be it for a limit, a broken format or a detector that
// panicked, is a gap. Gaps about files that a later layer hides are dropped with
// them.
//
// A file of a root directory that this program may not open, or that is gone or another
// one when it is looked at again, is a gap too: it has no digests then, or stays unchecked.
//
// # Hard links
//
// A detector sees a file by the name that its content comes with, and by those of
// hard links to it whose name alone makes the detector want it. What it finds
// belongs to the name. So when an executable's first name is gone and another is
// left, the components found in it are gone with the first: that is a known
// limit, and a gap at the name that is left.
package catalog
