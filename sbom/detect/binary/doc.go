// Package binary finds the software in programs and libraries that no package manager
// speaks for, by what is in their bytes. It reads a file once, in order, in some hundred KiB
// of memory, and says of each finding what it is to the file, by which rule, on what text.
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
//   - package-note: the note that distributions have the linker write.
//   - table-self, table: the text of a known product (package rules), which only its own
//     program has, or which is wherever its code is.
//   - go-path: a module's path in the line table, github.com/a/b@v1.2.3/c.go. It is for
//     programs whose build information is gone; package golang reads that. Of the toolchain,
//     go-toolchain, if just one version of it is there.
//   - crate-path: the path of a crate's source in the message of a panic. Crates of Rust's own
//     library are told apart ([Finding.Toolchain]). Programs with the list of cargo auditable
//     are left to package cargo.
//   - build-directory: the directory in which a distribution built it, if there is just one.
//   - name-states-version, name-opens-string, name-before-version, name-in-sentence: one of the
//     file's names before a version: "NAME version 1.2", "NAME 1.2 ...", "... NAME 1.2".
//   - own-version: "%s 1.2", where the program puts its name.
//   - table-bare: a version that is a whole string, of a shape that only one of the products
//     has whose anchors are all in the file.
//   - neighbour: a version that is a whole string, next to one that has the file's name.
//   - beside-format: a version that is a whole string, next to "version %s".
//   - name-packed-with-version: the file's name at once before or behind a version, in
//     programs of languages that do not end their strings.
//   - file-name: the version in NAME-1.2.3.so.
//   - only-version: the only whole string that is a version. Eager.
//
// The names of a file are its SONAME, its file name, and those of the project that has a
// program or library of that name (packages rules and names). They decide what a text is
// taken for; a name without a text says nothing.
//
// # What is not known
//
// An executable without a finding that says what it is gives a gap that has all that is known of it:
// format, architecture, linkage, languages, compilers, build-id. So do headers that lead
// nowhere.
//
// # Formats
//
// ELF in full. Of PE, Mach-O and WebAssembly the header and the text are read, of Mach-O also the
// libraries; resources of PE and the parts of universal files are not told apart. Packed
// programs are recognised and not unpacked, as are the payloads of GraalVM, .NET,
// PyInstaller, Node, Deno and Bun.
package binary
