// Package binary finds the software in programs and libraries that no package manager
// speaks for, by what is in their bytes. It reads a file once, in order, in some hundred KiB
// of memory, and says of each finding what it is to the file, by which rule, on what text.
//
// [Detector.Identify] is for a file at hand, and [Siblings] for what several of them say of each other.
// For images, package catalog has [Default] among its detectors, and does the latter itself. Default
// knows no build-ids, and no static libraries by their functions: the tables for these are packages
// of their own (fileindex/debian and staticlib/debian, 0.1 and 0.9 MB), for [Options]. Nor does it read
// programs of Go and Rust twice in an image, which Options.Thorough is for: Identify says more of
// them. The example of [New] puts a detector of one's own in place of the default one.
//
// # Relations
//
// A file is a program or library of a project ([Is]), has a project's code in it
// ([Contains]), or has only text of a project's headers ([BuiltAgainst]): a library
// that the loader links is never contained. The last is told in the eager mode alone.
//
// # Rules
//
// A version is reported when a rule ties it to a name. These are the rules, best first;
// each has a confidence, and the precise mode, which is the default, leaves out those
// below 0.8.
//
//   - file-digest: what a Source knows of the file (package fileindex), over all that the file
//     says.
//   - build-id: likewise. It may be copied into another file: a text of another version is
//     reported too, and where several versions have it and no text says which of them it is, it is
//     less sure. Package fileindex/debian has those of programs of Debian.
//   - package-note: the note that distributions have the linker write.
//   - native-image-sbom, deno-npm-snapshot, pyinstaller-metadata, asar-manifest,
//     appended-archive, embedded-package-json, embedded-module-path: a list, a manifest or a
//     path in a payload (see below).
//   - pe-version-info, wasm-version, dylib-version-and-name, dylib-version: the field that a
//     format has for the file's own version. That of a dylib is often its interface's: it
//     is eager, unless the file's name has the same.
//   - table-self, table: the text of a known product (package rules), which only its own
//     program has, or which is wherever its code is.
//   - learned-self, learned, learned-anchor, learned-name: text that stood around the versions of
//     a project, and of no other, in all of a distribution's releases that were looked
//     through: of its own programs alone, or of its libraries; without the project's name, in
//     files that have a string which only the project has; and the version in the name
//     of a library whose name has always had the project's.
//   - unwind-table, unwind-table-few: the tables for unwinding the stack that the functions of a
//     static library have, as in a table that the caller gives ([Options].Libraries). They are what a
//     compiler made of that version, and stay in every program: text is not needed. All that
//     is known of an object file has to be there, so that another version
//     is not taken for it. The few are below eight functions.
//   - compiler-of-system: the C library of a static program, which is that of the
//     distribution's release whose compiler made it.
//   - bundled-table: what a release of Node, Bun, Deno or of a prebuilt libvips was built
//     from, by its own list, once the file is found to be that release and no text
//     of the file denies it.
//   - go-path: a module's path in the line table, github.com/a/b@v1.2.3/c.go. It is for
//     programs whose build information is gone; package golang reads that. Of the toolchain,
//     go-toolchain, if just one version of it is there.
//   - crate-path: the path of a crate's source in the message of a panic. Crates of Rust's own
//     library are told apart ([Finding.Toolchain]). Programs with the list of cargo auditable
//     are left to package cargo.
//   - build-directory: the directory in which a distribution built it, if there is just one.
//   - name-states-version, name-opens-string, name-before-version, name-in-sentence: one of the
//     file's names before a version: "NAME version 1.2", "NAME 1.2 ...", "... NAME 1.2".
//   - known-release, known-release-of-two-numbers, known-release-in-file-name: the only version that
//     is a release of the project which has one of the file's names (package names), as a
//     string of its own or part of one, or behind ".so". Versions before the first known release of the
//     project are taken for no version of it by the other rules.
//   - known-release-stated: a string that begins with a project's name and a release of it, in a file
//     of any name, where the project has programs alone.
//   - linked-sibling, sibling: a file says nothing of its version, and others of its project do
//     ([Siblings]): one that it is linked with, or those beside it.
//   - own-version: "%s 1.2.3", where the program puts its name.
//   - table-bare: a version that is a whole string, of a shape that only one of the products
//     has whose anchors are all in the file.
//   - neighbour: a version that is a whole string, next to one that has the file's name. Eager:
//     where nothing else speaks, it is wrong in every other file.
//   - beside-format: a version that is a whole string, next to "version %s". Eager: it is as
//     often that of a library.
//   - name-packed-with-version: the file's name at once before or behind a version, in
//     programs of languages that do not end their strings.
//   - file-name: the version in NAME-1.2.3.so.
//   - string-beside-name: a version next to the file's name, or to what introduces it, where both are
//     whole strings of a program in Rust by what refers to them (see below).
//   - only-string-version, most-used-string-version: the only version that is such a string, or that
//     next to the author; that which code uses by far most. Of a library the first is eager.
//   - go-linked-version: the version that the linker set in a Go program, if it set just one.
//   - go-version-variable: the version in a variable that functions of the main module read.
//   - go-version-in-code: a version in the main package, in a function of the main module that is
//     about versions, or in several. Where build information has the version, package golang has it.
//   - only-version: the only whole string that is a version. Eager.
//
// The names of a file are its SONAME, its file name, and those of the project that has a
// program or library of that name (packages rules and names). They decide what a text is
// taken for; a name without a text says nothing.
//
// # Strings without an end
//
// Go and Rust store strings side by side: "b3sum1.2.0FILE". Where each begins and ends is known
// by what refers to it: pairs of an address and a length in data, and code of x86-64 and AArch64
// that loads both. Go's table of functions says which module's code it is. This takes a
// second look at an ELF file of 64 bits, and is only done where nothing surer names the file. Of a
// file in an image that goes by once it has to be wanted ([Options].Thorough), as its layer is read twice for it.
//
// # What is not known
//
// An executable without a finding that says what it is gives a gap that has all that is known of it:
// format, architecture, linkage, languages, compilers, build-id. So do headers that lead
// nowhere, that say two things, or of which a system looks at less than readers do.
//
// Whoever makes a file decides what it says: text is no proof of what runs, and is not looked for in
// what an ELF file declares as code alone. Where a payload is readable in two ways, it is read as
// those do who run it.
//
// # Formats
//
// ELF, PE with its resources, Mach-O and the parts of universal files, WebAssembly modules
// and components. Of what no program is, archives of Electron (*.asar), zip files behind a
// first line of Python, and the file "release" of Java runtimes, whose directory is theirs.
//
// # Payloads
//
// What a program carries beside its own code names packages exactly: the archives of
// PyInstaller, zip files behind a program (frozen Python, launched Java), applications that
// Node, Deno, Bun, nexe or pkg put into a copy of themselves, the SBOM of GraalVM's
// native-image. The programs and libraries in an archive are looked into as if they were
// files, and what they are or contain, the file contains. Packages without a version, as a
// bundle of scripts has them, and programs in which nothing was found, are a gap; so is what
// these carry themselves. Programs
// packed by UPX with LZMA are unpacked, and are what is unpacked. Those packed with UPX's
// own methods and AppImages are recognised and not read, which is one gap as well.
//
// Where a payload is, often stands at its end. A file with signs of one has to be read once
// more: [Detector.Detect] returns detect.ErrSkipped for it when it went by once. So has a
// program whose headers lead back to what went by, as tools leave it that add to programs, and
// one in Go or Rust whose strings matter.
// Reading a payload takes less than 64 MiB, most of that for tables of some hundred
// thousand files.
package binary
