# Three packages of two outputs each, of which one needs the others. See README.md.
let
  package = pname: version: needs: derivation {
    name = "${pname}-${version}";
    inherit pname version needs;
    system = builtins.currentSystem;
    outputs = [ "out" "lib" ];
    PATH = "/bin:/usr/bin";
    builder = "/bin/sh";
    args = [ "-c" "mkdir -p $out/bin $lib/lib; echo $needs $lib > $out/bin/program; echo library > $lib/lib/library" ];
  };
in
package "demo" "1.2.3" [ (package "zlib-ng" "2.0" [ ]) (package "python3.11-six" "1.16.0" [ ]) ]
