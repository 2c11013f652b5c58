//! Reading a pickle (Python's `pickletools.py` lists the opcodes) without executing it.
//!
//! Python's own unpickler calls whatever the pickle names. This one knows what `torch.save` writes for a state dict:
//! dictionaries, lists, numbers, text, storages and the functions that make tensors of them. Any other call becomes an
//! [`Node::Opaque`] of its name.
//!
//! Values live side by side in a table and refer to each other by their place in it. So a pickle that nests a million
//! lists, or holds one a million times, costs what its bytes cost, and nothing here recurses.

use super::fault;
use crate::weights::index::Dtype;
use crate::weights::source::WeightError;

/// A value's place in the table.
pub type Id = usize;

/// More values than any state dict has; each takes a byte or more of the pickle and forty of memory.
const MOST_NODES: usize = 1 << 20;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `None`, a truth value, a float, bytes: nothing that is asked for.
    Other,
    Int(i64),
    Text(String),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function by its full name.
    Global(String),
    Storage(Storage),
    Tensor(Tensor),
    /// What a call that is not known would have made.
    Opaque(String),
}

/// A run of numbers that tensors are views of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Its name in the file.
    pub key: String,
    /// `None` for an untyped one.
    pub dtype: Option<Dtype>,
    /// Bytes of one of its numbers.
    pub width: usize,
    /// How many numbers it has.
    pub count: usize,
    /// Numbers to pass over, for a view of a storage (legacy files only).
    pub start: usize,
}

/// A view of a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    pub storage: Storage,
    pub dtype: Dtype,
    /// In numbers.
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// What a pickle holds.
#[derive(Debug)]
pub struct Pickle {
    nodes: Vec<Node>,
    /// Its one outermost value.
    pub root: Id,
    /// Bytes it took.
    pub length: usize,
    /// Every storage it names.
    pub storages: Vec<Storage>,
}

impl Pickle {
    /// Reads the pickle that `bytes` start with.
    ///
    /// # Errors
    /// Where it breaks off, or is none.
    pub fn read(bytes: &[u8]) -> Result<Self, WeightError> {
        let mut reader = Reader {
            bytes,
            position: 0,
            nodes: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Vec::new(),
            storages: Vec::new(),
        };
        while !reader.step()? {}
        let root = reader.pop()?;
        Ok(Self {
            nodes: reader.nodes,
            root,
            length: reader.position,
            storages: reader.storages,
        })
    }

    /// The value at a place.
    pub fn node(&self, id: Id) -> &Node {
        &self.nodes[id]
    }

    /// The text at a place; a whole number counts as one, for storages' keys.
    pub fn text(&self, id: Id) -> Option<String> {
        match &self.nodes[id] {
            Node::Text(text) => Some(text.clone()),
            Node::Int(value) => Some(value.to_string()),
            _ => None,
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    nodes: Vec<Node>,
    stack: Vec<Id>,
    /// Lengths of the stack where marks were set.
    marks: Vec<usize>,
    memo: Vec<Option<Id>>,
    storages: Vec<Storage>,
}

impl Reader<'_> {
    /// Does what the next opcode says. True at the end.
    fn step(&mut self) -> Result<bool, WeightError> {
        let opcode = self.take(1)?[0];
        match opcode {
            // PROTO, FRAME: nothing to do.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'.' => return Ok(true),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = *self.stack.last().ok_or_else(underflow)?;
                self.stack.push(top);
            }

            // None, truth values, floats.
            b'N' | 0x88 | 0x89 => self.push(Node::Other)?,
            b'G' => {
                self.take(8)?;
                self.push(Node::Other)?;
            }
            b'F' => {
                self.line()?;
                self.push(Node::Other)?;
            }

            // Whole numbers.
            b'I' | b'L' => {
                let line = self.line()?;
                let digits = line.strip_suffix('L').unwrap_or(&line);
                let node = digits.parse().map_or(Node::Other, Node::Int);
                self.push(node)?;
            }
            b'J' => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Node::Int(value.into()))?;
            }
            b'K' => {
                let value = self.length(1)?;
                self.push(Node::Int(value as i64))?;
            }
            b'M' => {
                let value = self.length(2)?;
                self.push(Node::Int(value as i64))?;
            }
            0x8a => {
                let length = self.length(1)?;
                self.long(length)?;
            }
            0x8b => {
                let length = self.length(4)?;
                self.long(length)?;
            }

            // Text.
            b'S' => {
                let line = self.line()?;
                self.push(Node::Text(line.trim_matches(['\'', '"']).to_owned()))?;
            }
            b'V' => {
                let line = self.line()?;
                self.push(Node::Text(line))?;
            }
            b'U' | 0x8c => self.string(1)?,
            b'T' | b'X' => self.string(4)?,
            0x8d => self.string(8)?,

            // Bytes.
            b'C' => self.byte_string(1)?,
            b'B' => self.byte_string(4)?,
            0x8e | 0x96 => self.byte_string(8)?,

            // Lists, sets, tuples, dictionaries.
            b']' | 0x8f => self.push(Node::List(Vec::new()))?,
            b'l' | 0x91 => {
                let items = self.pop_to_mark()?;
                self.push(Node::List(items))?;
            }
            b'a' => {
                let item = self.pop()?;
                self.extend(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_to_mark()?;
                self.extend(items)?;
            }
            b')' => self.push(Node::Tuple(Vec::new()))?,
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Node::Tuple(items))?;
            }
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(opcode - 0x84))?;
                self.push(Node::Tuple(items))?;
            }
            b'}' => self.push(Node::Dict(Vec::new()))?,
            b'd' => {
                let items = self.pop_to_mark()?;
                self.push(Node::Dict(Vec::new()))?;
                self.insert(&items)?;
            }
            b's' => {
                let items = self.pop_many(2)?;
                self.insert(&items)?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.insert(&items)?;
            }

            // The memo: values to come back to.
            b'q' => {
                let place = self.length(1)?;
                self.memoize(place)?;
            }
            b'r' => {
                let place = self.length(4)?;
                self.memoize(place)?;
            }
            b'p' => {
                let place = self.number_line()?;
                self.memoize(place)?;
            }
            0x94 => self.memoize(self.memo.len())?,
            b'h' => {
                let place = self.length(1)?;
                self.recall(place)?;
            }
            b'j' => {
                let place = self.length(4)?;
                self.recall(place)?;
            }
            b'g' => {
                let place = self.number_line()?;
                self.recall(place)?;
            }

            // Classes, functions and calls of them.
            b'c' => {
                let module = self.line()?;
                let name = self.line()?;
                self.push(Node::Global(format!("{module}.{name}")))?;
            }
            0x93 => {
                let name = self.pop()?;
                let module = self.pop()?;
                let (Node::Text(module), Node::Text(name)) =
                    (&self.nodes[module], &self.nodes[name])
                else {
                    return Err(fault(
                        "its pickle names a class by something else than text",
                    ));
                };
                let name = format!("{module}.{name}");
                self.push(Node::Global(name))?;
            }
            b'R' | 0x81 => {
                let pair = self.pop_many(2)?;
                self.call(pair[0], pair[1])?;
            }
            0x92 => {
                let triple = self.pop_many(3)?;
                self.call(triple[0], triple[1])?;
            }
            // BUILD sets an object's attributes: none is asked for.
            b'b' => drop(self.pop()?),
            b'Q' => {
                let id = self.pop()?;
                self.storage(id)?;
            }
            other => {
                return Err(fault(format!(
                    "its pickle has the opcode 0x{other:02x} at byte {}, which no state dict has",
                    self.position - 1
                )));
            }
        }
        Ok(false)
    }

    fn take(&mut self, count: usize) -> Result<&[u8], WeightError> {
        let taken = self
            .position
            .checked_add(count)
            .and_then(|end| self.bytes.get(self.position..end))
            .ok_or_else(|| fault("its pickle breaks off: the file is cut short or damaged"))?;
        self.position += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WeightError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// An unsigned number of up to eight bytes.
    fn length(&mut self, bytes: usize) -> Result<usize, WeightError> {
        let mut array = [0; 8];
        array[..bytes].copy_from_slice(self.take(bytes)?);
        usize::try_from(u64::from_le_bytes(array))
            .map_err(|_| fault("its pickle counts more bytes than there can be"))
    }

    fn line(&mut self) -> Result<String, WeightError> {
        let rest = &self.bytes[self.position..];
        let end = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or_else(|| fault("its pickle breaks off: the file is cut short or damaged"))?;
        self.position += end + 1;
        Ok(String::from_utf8_lossy(&rest[..end]).into_owned())
    }

    fn number_line(&mut self) -> Result<usize, WeightError> {
        let line = self.line()?;
        line.parse()
            .map_err(|_| fault("its pickle refers to a value by something else than a number"))
    }

    fn string(&mut self, bytes: usize) -> Result<(), WeightError> {
        let length = self.length(bytes)?;
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.push(Node::Text(text))
    }

    fn byte_string(&mut self, bytes: usize) -> Result<(), WeightError> {
        let length = self.length(bytes)?;
        self.take(length)?;
        self.push(Node::Other)
    }

    /// A whole number of any length, little-endian with the sign in the last byte.
    fn long(&mut self, length: usize) -> Result<(), WeightError> {
        let bytes = self.take(length)?;
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut array = [if negative { 0xff } else { 0 }; 8];
        let node = if length > array.len() {
            Node::Other
        } else {
            array[..length].copy_from_slice(bytes);
            Node::Int(i64::from_le_bytes(array))
        };
        self.push(node)
    }

    fn push(&mut self, node: Node) -> Result<(), WeightError> {
        if self.nodes.len() == MOST_NODES {
            return Err(fault(format!(
                "its pickle holds more than {MOST_NODES} values, and no state dict does"
            )));
        }
        self.stack.push(self.nodes.len());
        self.nodes.push(node);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, WeightError> {
        // What lies under a mark belongs to somebody else.
        if self
            .marks
            .last()
            .is_some_and(|&mark| self.stack.len() <= mark)
        {
            return Err(underflow());
        }
        self.stack.pop().ok_or_else(underflow)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Id>, WeightError> {
        let start = self.stack.len().checked_sub(count).ok_or_else(underflow)?;
        Ok(self.stack.split_off(start))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, WeightError> {
        let mark = self.marks.pop().ok_or_else(underflow)?;
        if mark > self.stack.len() {
            return Err(underflow());
        }
        Ok(self.stack.split_off(mark))
    }

    fn extend(&mut self, items: Vec<Id>) -> Result<(), WeightError> {
        let list = *self.stack.last().ok_or_else(underflow)?;
        match &mut self.nodes[list] {
            Node::List(list) => list.extend(items),
            // An object that is no list, but takes items as one.
            Node::Opaque(_) => {}
            _ => return Err(fault("its pickle adds to a list that is none")),
        }
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Result<(), WeightError> {
        let dict = *self.stack.last().ok_or_else(underflow)?;
        let (pairs, rest) = items.as_chunks::<2>();
        match &mut self.nodes[dict] {
            Node::Dict(dict) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
            }
            Node::Opaque(_) => {}
            _ => return Err(fault("its pickle adds to a dictionary that is none")),
        }
        Ok(())
    }

    fn memoize(&mut self, place: usize) -> Result<(), WeightError> {
        let top = *self.stack.last().ok_or_else(underflow)?;
        // Places are given one after the other; a pickle has fewer of them than bytes.
        if place > self.bytes.len() {
            return Err(fault(
                "its pickle keeps a value at a place beyond all others",
            ));
        }
        if place >= self.memo.len() {
            self.memo.resize(place + 1, None);
        }
        self.memo[place] = Some(top);
        Ok(())
    }

    fn recall(&mut self, place: usize) -> Result<(), WeightError> {
        let id = self.memo.get(place).copied().flatten();
        let id = id.ok_or_else(|| fault("its pickle asks for a value that it never kept"))?;
        self.stack.push(id);
        Ok(())
    }

    /// What a call makes, where it is one of those that make tensors.
    fn call(&mut self, callable: Id, arguments: Id) -> Result<(), WeightError> {
        let Node::Global(name) = &self.nodes[callable] else {
            return self.push(Node::Opaque("an object of unknown kind".to_owned()));
        };
        let name = name.clone();
        let arguments = match &self.nodes[arguments] {
            Node::Tuple(items) => items.clone(),
            _ => Vec::new(),
        };
        match name.as_str() {
            "collections.OrderedDict" => self.ordered_dict(&arguments),
            "torch._utils._rebuild_tensor" | "torch._utils._rebuild_tensor_v2" => {
                self.tensor(&arguments, None)
            }
            "torch._utils._rebuild_tensor_v3" => {
                let dtype = arguments.get(6).and_then(|&id| match &self.nodes[id] {
                    Node::Global(name) => Some(named_dtype(name).0),
                    _ => None,
                });
                self.tensor(&arguments, dtype)
            }
            // A parameter is its tensor, and what it remembers of its training.
            "torch._utils._rebuild_parameter" | "torch._utils._rebuild_parameter_with_state" => {
                let data = arguments.first().ok_or_else(underflow)?;
                self.stack.push(*data);
                Ok(())
            }
            _ => self.push(Node::Opaque(name)),
        }
    }

    /// `OrderedDict()`, or one of a list of pairs.
    fn ordered_dict(&mut self, arguments: &[Id]) -> Result<(), WeightError> {
        let mut pairs = Vec::new();
        if let Some(Node::List(items)) = arguments.first().map(|&id| &self.nodes[id]) {
            for &item in items {
                if let Node::List(pair) | Node::Tuple(pair) = &self.nodes[item]
                    && let [key, value] = pair[..]
                {
                    pairs.push((key, value));
                }
            }
        }
        self.push(Node::Dict(pairs))
    }

    /// `(storage, offset, shape, strides, …)`.
    fn tensor(&mut self, arguments: &[Id], dtype: Option<Dtype>) -> Result<(), WeightError> {
        let tensor = (|| {
            let &[storage, offset, shape, strides, ..] = arguments else {
                return None;
            };
            let Node::Storage(storage) = &self.nodes[storage] else {
                return None;
            };
            let tensor = Tensor {
                dtype: dtype.or_else(|| storage.dtype.clone())?,
                storage: storage.clone(),
                offset: self.count(offset)?,
                shape: self.counts(shape)?,
                strides: self.counts(strides)?,
            };
            (tensor.shape.len() == tensor.strides.len()).then_some(tensor)
        })();
        let tensor = tensor.ok_or_else(|| fault("its pickle describes a tensor that cannot be"))?;
        self.push(Node::Tensor(tensor))
    }

    /// `('storage', class, key, device, count, view)`, or `('module', class, file, source)` in legacy files.
    fn storage(&mut self, id: Id) -> Result<(), WeightError> {
        if let Node::Tuple(fields) = &self.nodes[id]
            && let &[_, class, _, _] = &fields[..]
        {
            self.stack.push(class);
            return Ok(());
        }
        let storage = (|| {
            let Node::Tuple(fields) = &self.nodes[id] else {
                return None;
            };
            let &[_, class, key, _, count, ref view @ ..] = &fields[..] else {
                return None;
            };
            let Node::Global(class) = &self.nodes[class] else {
                return None;
            };
            let key = match &self.nodes[key] {
                Node::Text(text) => text.clone(),
                Node::Int(value) => value.to_string(),
                _ => return None,
            };
            // A view names itself, then where in its storage it begins, in numbers.
            let start = match view.first().map(|&id| &self.nodes[id]) {
                Some(Node::Tuple(view)) => self.count(*view.get(1)?)?,
                _ => 0,
            };
            let (dtype, width) = storage_dtype(class);
            let count = self.count(count)?;
            Some(Storage {
                key,
                dtype,
                width,
                count,
                start,
            })
        })();
        let storage =
            storage.ok_or_else(|| fault("its pickle describes a storage that cannot be"))?;
        self.storages.push(storage.clone());
        self.push(Node::Storage(storage))
    }

    fn count(&self, id: Id) -> Option<usize> {
        match self.nodes[id] {
            Node::Int(value) => usize::try_from(value).ok(),
            _ => None,
        }
    }

    fn counts(&self, id: Id) -> Option<Vec<usize>> {
        match &self.nodes[id] {
            Node::Tuple(items) | Node::List(items) => {
                items.iter().map(|&item| self.count(item)).collect()
            }
            _ => None,
        }
    }
}

fn underflow() -> WeightError {
    fault("its pickle uses values that it does not have: the file is damaged")
}

/// A storage class's type and width: `torch.FloatStorage`. An untyped storage has bytes.
fn storage_dtype(class: &str) -> (Option<Dtype>, usize) {
    let name = class.rsplit('.').next().unwrap_or(class);
    let name = name.strip_suffix("Storage").unwrap_or(name);
    if name == "Untyped" {
        return (None, 1);
    }
    let (dtype, width) = named_dtype(&name.to_ascii_lowercase());
    (Some(dtype), width)
}

/// A type by PyTorch's name of it, with or without the size: `torch.float32`, `float`.
fn named_dtype(name: &str) -> (Dtype, usize) {
    match name.rsplit('.').next().unwrap_or(name) {
        "double" | "float64" => (Dtype::F64, 8),
        "float" | "float32" => (Dtype::F32, 4),
        "half" | "float16" => (Dtype::F16, 2),
        "bfloat16" => (Dtype::Bf16, 2),
        "char" | "int8" => (Dtype::I8, 1),
        "long" | "int64" | "complexfloat" => (Dtype::Other(name.to_owned()), 8),
        "int" | "int32" | "qint32" => (Dtype::Other(name.to_owned()), 4),
        "short" | "int16" => (Dtype::Other(name.to_owned()), 2),
        "complexdouble" => (Dtype::Other(name.to_owned()), 16),
        other => (Dtype::Other(other.to_owned()), 1),
    }
}
