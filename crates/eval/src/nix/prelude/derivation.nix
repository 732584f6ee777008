# What `derivation` gives, as far as it can be known without building: the arguments, the outputs
# by name, and paths that nobody can know here.
drvAttrs:
let
  outputs = drvAttrs.outputs or [ "out" ];
  common = drvAttrs // builtins.listToAttrs (map output outputs) // {
    all = map (name: (output name).value) outputs;
    inherit drvAttrs;
  };
  output = outputName: {
    name = outputName;
    value = common // {
      type = "derivation";
      outPath = __storePathOf drvAttrs.name;
      drvPath = __storePathOf drvAttrs.name;
      inherit outputName;
    };
  };
in
(output (builtins.head outputs)).value
