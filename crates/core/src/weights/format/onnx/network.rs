//! From the steps of a graph to the blocks of a ResNet, from the logits back to the image.

use super::Error;
use super::steps::{Affine, Constant, Convolution, Operator, Pool, Steps, Window};

/// The most steps of a block's branch.
const LONGEST_BRANCH: usize = 24;

/// A convolution or a linear layer, and what is multiplied and added after it: places of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// The step.
    pub step: usize,
    /// Its batch norm, or a bias in a node of its own.
    pub affine: Option<usize>,
}

/// A residual block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The addition at its end.
    pub add: usize,
    /// With pre-activation: its batch norm.
    pub norm: Option<usize>,
    /// In the order in which they are computed.
    pub convolutions: Vec<Layer>,
    /// The place of a convolution, and the pool after it.
    pub anti_aliasing: Option<(usize, usize)>,
    /// What weighs its channels.
    pub attention: Option<Attention>,
    /// What its input goes through.
    pub shortcut: Option<Shortcut>,
}

/// What weighs a block's channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// Two linear layers.
    SqueezeExcite([Layer; 2]),
    /// A convolution over channels.
    EfficientChannel(Layer),
}

/// What a block's input goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortcut {
    /// A pool, and a convolution.
    Projection(Option<usize>, Layer),
    /// Pixels at a stride, and channels of zeros before and after.
    ZeroPadded(usize, [usize; 2]),
}

/// What becomes of the last map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// Nothing: it is the graph's output.
    None,
    /// Its average.
    Average,
    /// Its maximum and its average.
    Concat,
    /// All of it.
    Flatten,
}

/// A layer of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadLayer {
    /// A linear layer.
    Linear(Layer),
    /// Batch norm.
    Norm(usize),
    /// ReLU.
    Relu,
}

/// A ResNet.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// What the image goes through before the first convolution, together.
    pub input: Option<Affine>,
    /// Whether the channels are reversed before that.
    pub reversed: bool,
    /// The stem's convolutions.
    pub stem: Vec<Layer>,
    /// Its pools.
    pub pools: Vec<usize>,
    /// All blocks.
    pub blocks: Vec<Block>,
    /// With pre-activation: the last batch norm.
    pub final_norm: Option<usize>,
    /// What becomes of the last map.
    pub pooling: Pooling,
    /// The layers to the logits.
    pub head: Vec<HeadLayer>,
}

impl Steps<'_> {
    /// The ResNet whose logits, or features, the step `output` gives.
    ///
    /// # Errors
    /// `WeightError::Architecture` with the node that is no ResNet's.
    pub fn network(&self, output: usize) -> Result<Network, Error> {
        let mut at = output;
        let is_sigmoid = matches!(self.operator(at), Operator::Sigmoid);
        let ends_active = is_sigmoid || matches!(self.operator(at), Operator::Softmax);
        if ends_active {
            at = self.before(at);
        }
        let head = self.head(&mut at);
        let logits = head.iter().rev().find_map(|layer| match layer {
            HeadLayer::Linear(layer) => Some(self.shape(*layer)[0]),
            _ => None,
        });
        // Of one logit a sigmoid gives the probability, of several a softmax.
        if ends_active && (logits == Some(1)) != is_sigmoid {
            let why = format!("of {} logits is not supported", logits.unwrap_or(0));
            return Err(self.refused(self.steps[output].node, &why));
        }
        let pooling = match self.operator(at) {
            _ if self.is_whole(at, false) => Pooling::Average,
            Operator::Flatten => match self.operator(self.before(at)) {
                // A window over an image of open size: what it was made for, it covers.
                Operator::Pool(_, Pool::Average { .. })
                    if self.steps[self.before(at)].size.is_none() =>
                {
                    at = self.before(at);
                    Pooling::Average
                }
                _ => Pooling::Flatten,
            },
            Operator::Concat => {
                let inputs = &self.steps[at].inputs;
                let both = self.is_whole(inputs[0], true) && self.is_whole(inputs[1], false);
                if !both || self.before(inputs[0]) != self.before(inputs[1]) {
                    return Err(self.unmatched(at));
                }
                at = inputs[0];
                Pooling::Concat
            }
            _ if head.is_empty() => Pooling::None,
            _ => return Err(self.unmatched(at)),
        };
        if pooling != Pooling::None {
            at = self.before(at);
        }
        if let Operator::Pool(_, Pool::Average { .. }) = self.operator(at) {
            let why = "does not average all of the map, which is not supported";
            return Err(self.refused(self.steps[at].node, why));
        }
        let mut final_norm = None;
        if let Operator::Relu = self.operator(at)
            && let Operator::Affine(_) = self.operator(self.before(at))
            && let Operator::Add = self.operator(self.before(self.before(at)))
        {
            final_norm = Some(self.before(at));
            at = self.before(self.before(at));
        }
        let mut blocks = Vec::new();
        while let Some(add) = self.end_of_block(at, final_norm.is_some()) {
            let (block, input) = self.block(add, final_norm.is_some())?;
            blocks.push(block);
            at = input;
        }
        if blocks.is_empty() {
            return Err(self.unmatched(at));
        }
        blocks.reverse();

        let mut pools = Vec::new();
        while self.is_pool(at) && pools.len() < 2 {
            pools.push(at);
            at = self.before_pool(at);
        }
        pools.reverse();
        let mut stem = Vec::new();
        loop {
            // With pre-activation the last convolution has no ReLU.
            let bare = stem.is_empty() && final_norm.is_some();
            if !bare && !matches!(self.operator(at), Operator::Relu) {
                break;
            }
            let mut from = if bare { at } else { self.before(at) };
            let Some(layer) = self.layer(&mut from) else {
                break;
            };
            stem.push(layer);
            at = from;
        }
        stem.reverse();
        let (input, reversed) = self.preprocessing(&mut at);
        if at != 0 || stem.is_empty() {
            // A pool without a stem is what does not fit.
            let pool = pools.last().filter(|_| stem.is_empty());
            return Err(self.unmatched(pool.copied().unwrap_or(at)));
        }
        Ok(Network {
            input,
            reversed,
            stem,
            pools,
            blocks,
            final_norm,
            pooling,
            head,
        })
    }

    /// What a step does.
    pub fn operator(&self, step: usize) -> &Operator {
        &self.steps[step].operator
    }

    /// The step whose output it works on.
    fn before(&self, step: usize) -> usize {
        self.steps[step].inputs.first().copied().unwrap_or(0)
    }

    /// The error of a step that is not known where it is.
    #[cold]
    pub fn unmatched(&self, step: usize) -> Error {
        self.refused(self.steps[step].node, "is no part of a ResNet there")
    }

    /// A step's convolution.
    pub fn convolution(&self, step: usize) -> Option<&Convolution> {
        match self.operator(step) {
            Operator::Conv(convolution) => Some(convolution),
            _ => None,
        }
    }

    /// The weight of a convolution or a linear layer.
    pub fn weight(&self, step: usize) -> Option<&Constant> {
        match self.operator(step) {
            Operator::Conv(convolution) => Some(&convolution.weight),
            Operator::Linear(weight, _) => Some(weight),
            _ => None,
        }
    }

    /// The weight's shape, with ones behind it.
    pub fn shape(&self, layer: Layer) -> [usize; 4] {
        let shape = self
            .weight(layer.step)
            .map_or(&[][..], |weight| &weight.entry.shape);
        [0, 1, 2, 3].map(|axis| shape.get(axis).copied().unwrap_or(1))
    }

    /// The window of a convolution or a pool; one pixel of anything else.
    pub fn window(&self, step: usize) -> Window {
        match self.operator(step) {
            Operator::Conv(convolution) => convolution.window,
            Operator::Pool(window, _) => *window,
            _ => Window {
                kernel: 1,
                stride: 1,
                pads: [0; 4],
            },
        }
    }

    /// A convolution or a linear layer and what follows it, if they end at `at`, which then is what goes into them.
    fn layer(&self, at: &mut usize) -> Option<Layer> {
        let affine = matches!(self.operator(*at), Operator::Affine(_)).then_some(*at);
        let step = affine.map_or(*at, |affine| self.before(affine));
        self.weight(step)?;
        *at = self.before(step);
        Some(Layer { step, affine })
    }

    /// Whether a step is the maximum or the average of a whole map.
    fn is_whole(&self, step: usize, wanted: bool) -> bool {
        match self.operator(step) {
            Operator::Global { max } => *max == wanted,
            Operator::Pool(_, pool) => {
                self.steps[step].pooled && matches!(pool, Pool::Max { .. }) == wanted
            }
            _ => false,
        }
    }

    /// Whether a step is a pool or a blur, which is a convolution over a mirrored border.
    fn is_pool(&self, step: usize) -> bool {
        matches!(self.operator(step), Operator::Pool(..)) || self.is_blur(step)
    }

    /// Whether a step is a convolution over a mirrored border.
    pub fn is_blur(&self, step: usize) -> bool {
        let mirror = matches!(
            self.operator(self.before(step)),
            Operator::Pad {
                mirror: true,
                pads: [1, 1, 1, 1]
            }
        );
        mirror
            && self
                .convolution(step)
                .is_some_and(|blur| blur.groups > 1 && blur.bias.is_none())
    }

    fn before_pool(&self, step: usize) -> usize {
        let before = self.before(step);
        if self.is_blur(step) {
            self.before(before)
        } else {
            before
        }
    }

    /// The layers between the features and the logits. Ends at the pooling.
    fn head(&self, at: &mut usize) -> Vec<HeadLayer> {
        let mut layers = Vec::new();
        while self.steps[*at].pooled {
            // Only a sum is a bias; what is multiplied, too, is a batch norm.
            let mut from = *at;
            let is_norm = |affine: &Affine| affine.norm;
            let layer = self.layer(&mut from).filter(|layer| {
                match layer.affine.map(|affine| self.operator(affine)) {
                    Some(Operator::Affine(affine)) => !is_norm(affine),
                    _ => true,
                }
            });
            match (layer, self.operator(*at)) {
                (Some(layer), _) => layers.push(HeadLayer::Linear(layer)),
                (None, Operator::Affine(_)) => {
                    layers.push(HeadLayer::Norm(*at));
                    from = self.before(*at);
                }
                (None, Operator::Relu) => {
                    layers.push(HeadLayer::Relu);
                    from = self.before(*at);
                }
                _ => break,
            }
            *at = from;
        }
        layers.reverse();
        layers
    }

    /// What the image goes through before the first convolution.
    fn preprocessing(&self, at: &mut usize) -> (Option<Affine>, bool) {
        let (mut affine, mut reversed) = (None, false);
        loop {
            match self.operator(*at) {
                Operator::Affine(found) if affine.is_none() => {
                    let mut found = found.clone();
                    // In the order that the convolution sees.
                    if reversed {
                        found.scale.reverse();
                        found.shift.reverse();
                    }
                    affine = Some(found);
                }
                Operator::Reverse if !reversed => reversed = true,
                _ => return (affine, reversed),
            }
            *at = self.before(*at);
        }
    }

    /// The addition at the end of the block whose output is `at`.
    fn end_of_block(&self, at: usize, pre_activation: bool) -> Option<usize> {
        let add = match self.operator(at) {
            Operator::Relu if !pre_activation => self.before(at),
            _ if pre_activation => at,
            _ => return None,
        };
        matches!(self.operator(add), Operator::Add).then_some(add)
    }

    /// The steps from `at` back, along what is not a gate, to the addition before or the image.
    fn branch(&self, mut at: usize) -> Vec<usize> {
        let mut steps = vec![at];
        while steps.len() < LONGEST_BRANCH
            && !matches!(self.operator(at), Operator::Add | Operator::Input)
        {
            at = self.ungated(at);
            steps.push(at);
        }
        steps
    }

    /// What a step works on, and of a product what is no gate.
    fn ungated(&self, step: usize) -> usize {
        let inputs = &self.steps[step].inputs;
        match inputs[..] {
            [gate, map] if matches!(self.operator(gate), Operator::Sigmoid) => map,
            _ => self.before(step),
        }
    }

    /// The block that ends in `add`, and the step whose output goes into it.
    fn block(&self, add: usize, pre_activation: bool) -> Result<(Block, usize), Error> {
        let mismatch = || {
            self.refused(
                self.steps[add].node,
                "does not add the two branches of a residual block",
            )
        };
        let &[left, right] = &self.steps[add].inputs[..] else {
            return Err(mismatch());
        };
        let branches = [self.branch(left), self.branch(right)];
        let place = |step: &usize| branches[1].iter().position(|other| other == step);
        let mut meetings = branches[0]
            .iter()
            .enumerate()
            .filter_map(|(left, step)| Some((left, place(step)?)));
        // Along both the first that is common is the nearest.
        let (left, right) = meetings.next().ok_or_else(mismatch)?;
        let end = branches[0][left];
        let convolutions = |branch: &[usize]| {
            branch
                .iter()
                .filter(|&&step| self.convolution(step).is_some() && !self.is_blur(step))
                .count()
        };
        let both = [&branches[0][..left], &branches[1][..right]];
        let residual = usize::from(convolutions(both[1]) > convolutions(both[0]));
        let top = |branch: &[usize]| branch.first().copied().unwrap_or(end);
        let (main, short) = (top(both[residual]), top(both[residual ^ 1]));

        let mut block = Block {
            add,
            norm: None,
            convolutions: Vec::new(),
            anti_aliasing: None,
            attention: None,
            shortcut: self.shortcut(short, end)?,
        };
        let mut at = main;
        if let Operator::Mul = self.operator(at) {
            block.attention = Some(self.attention(at)?);
            at = self.ungated(at);
        }
        let mut active = false;
        while at != end {
            let first = block.convolutions.is_empty();
            let mut from = at;
            match self.operator(at) {
                Operator::Relu if !active && !first => {
                    active = true;
                    from = self.before(at);
                }
                Operator::Affine(_) if active && pre_activation && self.before(at) == end => {
                    block.norm = Some(at);
                    active = false;
                    from = end;
                }
                _ if !active && !first && block.anti_aliasing.is_none() && self.is_pool(at) => {
                    // How many convolutions come after it.
                    block.anti_aliasing = Some((block.convolutions.len(), at));
                    from = self.before_pool(at);
                }
                _ if active != first => match self.layer(&mut from) {
                    Some(layer) => {
                        block.convolutions.push(layer);
                        active = false;
                    }
                    None => return Err(self.unmatched(at)),
                },
                _ => return Err(self.unmatched(at)),
            }
            at = from;
        }
        if active {
            return Err(self.unmatched(end));
        }
        if pre_activation && block.norm.is_none() {
            // A projection reads what the convolutions read.
            let norm = self.before(end);
            if !matches!(
                (self.operator(end), self.operator(norm)),
                (Operator::Relu, Operator::Affine(_))
            ) {
                return Err(self.unmatched(end));
            }
            block.norm = Some(norm);
            at = self.before(norm);
        }
        block.convolutions.reverse();
        if let Some((place, _)) = &mut block.anti_aliasing {
            *place = block
                .convolutions
                .len()
                .saturating_sub(*place)
                .saturating_sub(1);
        }
        Ok((block, at))
    }

    /// What a block's input `end` goes through on its way to `at`.
    fn shortcut(&self, mut at: usize, end: usize) -> Result<Option<Shortcut>, Error> {
        if at == end {
            return Ok(None);
        }
        let top = at;
        let shortcut = if let Some(layer) = self.layer(&mut at) {
            let pool = (at != end && self.is_pool(at)).then_some(at);
            if pool.is_some() {
                at = self.before(at);
            }
            Shortcut::Projection(pool, layer)
        } else {
            let mut zeros = [0; 2];
            if let Operator::PadChannels(channels) = self.operator(at) {
                zeros = *channels;
                at = self.before(at);
            }
            let mut stride = [1; 2];
            if let Operator::Slice(steps) = self.operator(at) {
                stride = *steps;
                at = self.before(at);
            }
            if stride[0] != stride[1] {
                return Err(self.unmatched(top));
            }
            Shortcut::ZeroPadded(stride[0], zeros)
        };
        if at == end {
            Ok(Some(shortcut))
        } else {
            Err(self.unmatched(at))
        }
    }

    /// The gate of the product `at`.
    fn attention(&self, at: usize) -> Result<Attention, Error> {
        let map = self.ungated(at);
        let inputs = &self.steps[at].inputs;
        let gate = inputs
            .iter()
            .copied()
            .find(|&input| input != map)
            .unwrap_or(map);
        let mismatch = || {
            self.refused(
                self.steps[at].node,
                "multiplies by what is no known attention",
            )
        };
        if !matches!(self.operator(gate), Operator::Sigmoid) {
            return Err(mismatch());
        }
        let mut from = self.before(gate);
        let last = self.layer(&mut from).ok_or_else(mismatch)?;
        let attention = if let Operator::Relu = self.operator(from) {
            from = self.before(from);
            let first = self.layer(&mut from).ok_or_else(mismatch)?;
            Attention::SqueezeExcite([first, last])
        } else {
            Attention::EfficientChannel(last)
        };
        if self.is_whole(from, false) && self.before(from) == map {
            Ok(attention)
        } else {
            Err(mismatch())
        }
    }
}
