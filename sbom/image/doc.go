// Package image opens a container image and enumerates what is in its layers,
// without a network, without a container engine and without extracting anything
// to disk.
//
//	img, err := image.Open("app.tar", nil)
//	defer img.Close()
//	for _, layer := range img.Layers() {
//		for entry, err := range layer.Entries(ctx) { ... }
//	}
//
// [Open] reads OCI layouts, OCI archives, docker-archives and root file systems;
// [FromV1] and [FromIndex] take images of go-containerregistry. Package remote
// opens images in registries.
//
// # What is verified
//
// Manifests, configs and indexes are verified when the image is opened. A layer's
// blob digest, size and diffID are verified while [Layer.Entries] reads it, which
// is why its last word counts. Blobs are identified by their content: a media
// type that says gzip for a zstd blob changes nothing.
//
// # Hostile images
//
// Paths are cleaned as container run times clean them: a leading slash is
// dropped, and ".." stops at the root; [Entry.Problem] is ErrEscape then. Entries,
// bytes, names, and the depth and number of manifests are limited (see
// [Options]). A file whose header claims more than its layer can hold is an error
// before anything is allocated for it. Decompression windows are at most 128 MiB.
// Manifests, indexes and configs have at most 300,000 values, and an image at most
// 10,000 layers.
//
// # Layers with a table of contents
//
// eStargz and zstd:chunked layers are read like all others, from the beginning to the
// end: only so are their digests verified. Their tables are not believed, nor are they
// used. Those of eStargz, and its landmarks, are files of the layer, as they are for
// every run time that unpacks it.
//
// # The squashed view
//
// [Image.FS] folds the layers as the OCI image specification says: whiteouts and
// opaque directories hide what older layers brought and nothing of their own
// layer; a directory over a directory keeps the older children; anything else
// replaces what was there. Where the specification is silent, the overlay file
// system decides: a directory that an entry's path needs replaces an older
// symlink of that name. A whiteout of what is not there is no error.
//
// # Memory
//
// Reading a layer takes about 5 MiB besides the decompressor's window, where it is read
// ahead, and less than 1 MiB where it is not: where it is small, or GOMAXPROCS is 1. The
// squashed view takes about 200 bytes a file.
package image
