/** What the compiled crate depends on, for the stamps of whatever is made with it. */
export const crateInputs = [
  "Cargo.toml",
  "Cargo.lock",
  "rust-toolchain.toml",
  ".cargo/config.toml",
  "src",
  // The self-check's golden values are compiled in.
  "tests/fixtures/goldens",
];
