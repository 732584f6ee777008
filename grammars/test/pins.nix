# SYNTAX TEST "source.nix" "version strings of pins"
{
  nodejs = "20.11.0";
#           ^^^^^^^ constant.numeric.version.nix-archiver
#          ^ - constant.numeric.version.nix-archiver
#                  ^ - constant.numeric.version.nix-archiver
#                  ^ string.quoted.double.nix
  openssl="1.0.2u";
#          ^^^^^^ constant.numeric.version.nix-archiver
  python3 = "~3.11.4";
#            ^ keyword.operator.requirement.nix-archiver
#             ^^^^^^ constant.numeric.version.nix-archiver
  rg = ">=1.2 <2";
#       ^^ keyword.operator.requirement.nix-archiver
#         ^^^ constant.numeric.version.nix-archiver
#            ^ - constant.numeric.version.nix-archiver
#             ^ keyword.operator.requirement.nix-archiver
#              ^ constant.numeric.version.nix-archiver
  either = "1.2.* || ^3";
#           ^^^^^ constant.numeric.version.nix-archiver
#                 ^^ keyword.operator.requirement.nix-archiver
#                    ^ keyword.operator.requirement.nix-archiver
#                     ^ constant.numeric.version.nix-archiver
  go = "latest";
#       ^^^^^^ constant.language.any-version.nix-archiver
  git = "*";
#        ^ constant.language.any-version.nix-archiver
  description = "3 apples a day";
#                ^ - constant.numeric.version.nix-archiver
  list = [ "20.11.0" ];
#           ^^^^^^^ - constant.numeric.version.nix-archiver
  # note = "1.2.3";
#           ^^^^^ comment.line.number-sign.nix - constant.numeric.version.nix-archiver
}
