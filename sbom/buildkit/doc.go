// Package buildkit reads what BuildKit states about the build of an image, and joins it
// to the image's inventory: the stages, what they had, and for each shipped file the
// step and stage that it came from.
//
//	build, err := buildkit.Read(ctx, img, nil)
//	inv, err := catalog.Image(ctx, img, nil)
//	files, err := buildkit.Files(ctx, img)
//	origins, err := build.Join(inv, files)
//
// # What is read
//
//   - SLSA provenance, v0.2 and v1: the materials, and with mode=max the steps of the
//     build (LLB), the layers that each made, and the Dockerfile, which names the
//     stages.
//   - SPDX statements of an SBOM generator: that of the result, and those of stages and
//     of the build context (BUILDKIT_SBOM_SCAN_STAGE, BUILDKIT_SBOM_SCAN_CONTEXT),
//     told by the name of the document: "sbom", "sbom-STAGE", "sbom-context".
//
// # What it is worth
//
// BuildKit signs nothing. Whoever can write to the registry can state anything, so
// that nothing here changes what the image's bytes say: components of stages are added
// with sbom.ScopeBuild, which is never matched as shipped, and a layer's base is not
// moved once it was compared by digests. Statements come with confidence 0.5; those
// that name the image and whose signer the caller has verified (Statement.Signer) with
// 0.9. What contradicts the image is left out and becomes a gap: a manifest bound to
// another image, a subject with another digest, layers that are not the image's.
//
// # Tracing
//
// A file's layer is known from the bytes. The provenance says which step made a layer
// with that digest. A COPY is followed to the stage that it took the file from, and on
// from there ([Origin.Trail]). A file is Proved to come from a stage when the inventory
// of the stage has it with the same SHA-2 digest. It is Stated when only the provenance
// says so, and Refuted when the inventory of the stage has another file at that path.
// What a RUN wrote, no statement says: of a file in a stage behind a RUN that is not
// proved to be older, the RUN is named.
//
// # Hostile statements
//
// Statements are bounded in bytes, steps, components and in the work that tracing
// takes. A graph with cycles, unknown inputs or repeated names is an ErrFormat.
package buildkit
