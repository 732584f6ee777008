# Stands for pkgs/stdenv/default.nix: the standard environment, without the stages that build it.
# A derivation keeps what was said of it; what only a build or the store can tell is unknown.
args:
let
  lib =
    args.lib or (
      if builtins.pathExists ../../lib/default.nix then import ../../lib else import ../lib
    );
  pkgs = import __packages;
  system = args.localSystem.system or args.system or "x86_64-linux";
  is64bit = system == "x86_64-linux";
  flags = {
    isLinux = true;
    isUnix = true;
    isi686 = system == "i686-linux";
    isx86_64 = is64bit;
    inherit is64bit;
    is32bit = !is64bit;
    isDarwin = false;
    isSunOS = false;
    isGNU = false;
    isFreeBSD = false;
    isOpenBSD = false;
    isBSD = false;
    isCygwin = false;
    isWindows = false;
    isArm = false;
    isAarch32 = false;
    isAarch64 = false;
    isMips = false;
    isBigEndian = false;
    isArmHardFloat = false;
    isMusl = false;
    isGlibc = true;
  };
  hostPlatform =
    args.localSystem or ({
      inherit system;
      config = if is64bit then "x86_64-unknown-linux-gnu" else "i686-unknown-linux-gnu";
      libc = "glibc";
      platform = args.platform or { };
    } // flags);

  makeDerivation = stdenv: argument:
    if builtins.isFunction argument then
      extensible stdenv argument
    else
      simple stdenv (overriding stdenv (_: argument)) argument;

  extensible = stdenv: rattrs:
    let
      attrs = rattrs (attrs // { inherit finalPackage overrideAttrs; });
      overrideAttrs = overriding stdenv rattrs;
      finalPackage = simple stdenv overrideAttrs attrs;
    in
    finalPackage;

  overriding = stdenv: rattrs: f: extensible stdenv (
    self:
    let
      super = rattrs self;
      once = if builtins.isFunction f then f super else f;
    in
    super // (if builtins.isFunction once then f self super else once)
  );

  simple = stdenv: overrideAttrs: attrs:
    let
      name = attrs.name or "${attrs.pname}-${attrs.version}";
      passthru = attrs.passthru or { };
      outputs = attrs.outputs or [ "out" ];
      meta = { inherit name; available = true; } // attrs.meta or { };
      # Variables of the build, unless it is a package that came by that name.
      env = attrs.env or { };
      variables = if builtins.isAttrs env && env.type or "" != "derivation" then env else { };
      drvAttrs = removeAttrs attrs [ "meta" "passthru" "pos" "crossAttrs" ]
        // variables
        // (if attrs ? name then { } else { inherit name; })
        // {
          inherit system stdenv;
          nativeBuildInputs = attrs.nativeBuildInputs or [ ];
          buildInputs = attrs.buildInputs or [ ];
          propagatedBuildInputs = attrs.propagatedBuildInputs or [ ];
          propagatedNativeBuildInputs = attrs.propagatedNativeBuildInputs or [ ];
        };
      byOutput =
        if attrs ? outputs then
          builtins.listToAttrs (map (name: { inherit name; value = output name; }) outputs)
        else
          { out = only; };
      common = drvAttrs // byOutput // {
        inherit drvAttrs overrideAttrs meta passthru outputs;
        all = map output outputs;
        outputUnspecified = true;
      } // passthru // {
        type = "derivation";
      };
      output = outputName: common // {
        outPath = __storePathOf name;
        drvPath = __storePathOf name;
        inherit outputName;
      };
      only = output "out";
    in
    if attrs ? outputs then output (builtins.head outputs) else only;

  # A compiler and its tools as the bootstrap leaves them: they come from a stage before this one,
  # so that what is wrapped here does not need itself.
  tool = name: members: {
    type = "derivation";
    inherit name;
    outPath = __storePathOf name;
    drvPath = __storePathOf name;
    outputName = "out";
    outputs = [ "out" ];
    meta = { };
    targetPrefix = "";
    prefix = "";
    nativeTools = false;
    nativeLibc = false;
    nativePrefix = "";
    noLibc = false;
    isGNU = true;
    isClang = false;
    isLLVM = false;
    isCcache = false;
    isDistcc = false;
    isArocc = false;
    isZig = false;
    isFromBootstrapFiles = false;
    inherit libc;
    libc_bin = libc;
    libc_dev = libc;
    libc_lib = libc;
    dynamicLinker = __storePathOf "glibc" + "/lib/ld-linux-x86-64.so.2";
    override = _: tool name members;
    overrideAttrs = _: tool name members;
    overrideDerivation = _: tool name members;
  } // members;

  libc = tool "glibc" {
    inherit (pkgs.glibc) version;
    libc = null;
  };

  bintools = tool "binutils-wrapper" rec {
    bintools = pkgs.binutils-unwrapped or pkgs.binutils;
    inherit (bintools) version;
    sharedLibraryLoader = libc;
    defaultHardeningFlags = [ ];
  };

  compiler = wrapCompiler "gcc-wrapper" {
    cc = compilerCc;
    inherit bintools;
  };

  wrapCompiler = name: own: tool name {
    inherit (own) cc bintools;
    gcc = own.cc;
    inherit (own.cc) version;
    binutils = own.bintools;
    libcxx = null;
    cxxStdlib = { kind = "libstdc++"; package = own.cc; };
    fortify-headers = null;
    shell = __storePathOf "bash" + "/bin/bash";
    hardeningUnsupportedFlags = [ ];
    defaultHardeningFlags = [ ];
    emacsBufferSetup = _: "";
    langC = true;
    langCC = true;
    langFortran = false;
    langAda = false;
    langGo = false;
    override =
      change:
      let
        changed = own // (if builtins.isFunction change then change own else change);
      in
      wrapCompiler "${changed.cc.pname or (builtins.parseDrvName changed.cc.name).name}-wrapper" changed;
  };

  gcc = pkgs.gcc-unwrapped or pkgs.gcc.cc or pkgs.gcc.gcc;

  # Where the C library comes with a library of the compiler, it is that of the stage before.
  compilerCc =
    if builtins.pathExists ../development/libraries/gcc/libgcc then
      tool "gcc" {
        inherit (gcc) name pname version lib man info meta passthru stdenv configureFlags;
        inherit (gcc) langC langCC langFortran override overrideAttrs;
        out = gcc;
        libgcc = tool "libgcc" {
          inherit (gcc) name pname version meta;
          outputName = "libgcc";
        };
      }
    else
      gcc;

  makeStdenv = own:
    let
      name = "stdenv-linux";
      stdenv = flags // {
        inherit (hostPlatform) system;
        inherit hostPlatform lib system;
        buildPlatform = hostPlatform;
        targetPlatform = hostPlatform;
        type = "derivation";
        inherit name;
        outPath = __storePathOf name;
        drvPath = __storePathOf name;
        outputName = "out";
        meta = { };
        cc = own.cc;
        gcc = own.cc;
        hasCC = own.cc != null;
        inherit libc bintools;
        glibc = libc;
        binutils = bintools;
        platform = args.platform or hostPlatform.platform or { };
        shell = __storePathOf "bash" + "/bin/bash";
        shellPackage = pkgs.bash;
        fetchurlBoot = pkgs.fetchurl;
        config = args.config or { };
        defaultNativeBuildInputs = [ ];
        defaultBuildInputs = [ ];
        extraBuildInputs = [ ];
        extraNativeBuildInputs = [ ];
        initialPath = [ ];
        disallowedRequisites = [ ];
        requiredSystemFeatures = [ ];
        extraSandboxProfile = "";
        __extraImpureHostDeps = [ ];
        is64bit = hostPlatform.is64bit or is64bit;
        hostSystem = system;
        mkDerivation = own.mkDerivationFromStdenv stdenv;
        override = change: makeStdenv (
          own // (if builtins.isFunction change then change own else change)
        );
        overrideDerivation = _: stdenv;
        overrideAttrs = _: stdenv;
        tests = { };
      } // own.extraAttrs or { };
    in
    stdenv;

  stdenv = makeStdenv {
    cc = compiler;
    inherit (args) lib config;
    name = "stdenv-linux";
    buildPlatform = hostPlatform;
    inherit hostPlatform;
    targetPlatform = hostPlatform;
    mkDerivationFromStdenv = makeDerivation;
    allowedRequisites = null;
    preHook = "";
    initialPath = [ ];
    extraBuildInputs = [ ];
    extraNativeBuildInputs = [ ];
    overrides = _: _: { };
    extraAttrs = { };
  };
in
if args ? allPackages then
  # Who asked took the standard environment out of a set of them, and later itself.
  stdenv // {
    inherit stdenv;
    stdenvNative = stdenv;
    stdenvNix = stdenv;
    stdenvLinux = stdenv;
  }
else
  [
    (
      _:
      {
        inherit (args) config overlays;
        inherit stdenv;
      }
      # For a time the platforms, and before that the system, were passed beside the standard
      # environment.
      // builtins.intersectAttrs (builtins.functionArgs (import ../top-level/stage.nix)) {
        inherit system hostPlatform;
        buildPlatform = hostPlatform;
        targetPlatform = hostPlatform;
        crossSystem = args.crossSystem or null;
        platform = args.platform or { };
      }
    )
  ]
