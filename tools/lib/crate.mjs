/** What the compiled crate depends on, for the stamps of whatever is made with it. */
export const crateInputs = [
  "Cargo.toml",
  "Cargo.lock",
  "rust-toolchain.toml",
  ".cargo/config.toml",
  "crates",
  "src",
];
