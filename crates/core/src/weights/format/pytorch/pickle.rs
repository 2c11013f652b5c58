//! Reading a pickle (Python's `pickletools.py` lists the opcodes) without executing it.
//!
//! Python's own unpickler calls whatever the pickle names. This one knows what `torch.save` writes for a state dict:
//! dictionaries, lists, numbers, text, storages and the functions that make tensors of them. Any other call becomes an
//! [`Node::Opaque`] of what is called, and a [`Node::Object`] once it is given its attributes.
//!
//! Values live side by side in a table and refer to each other by their place in it; texts stay in the pickle's bytes.
//! So a pickle that nests a million lists, or refers to a long text a million times, costs what its bytes cost, and
//! nothing here recurses. What a value takes beyond its place is charged to a [`Budget`].

use std::borrow::Cow;
use std::mem::size_of;

use super::budget::Budget;
use super::fault;
use crate::weights::format::MAX_RANK;
use crate::weights::index::Dtype;
use crate::weights::plain::plain;
use crate::weights::source::WeightError;

/// A value's place in the table.
pub type Id = u32;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Node<'a> {
    /// `None`, a boolean, a float, bytes: values that a state dict's tensors do not need.
    Other,
    Int(i64),
    /// Borrowed from the pickle, unless it is no UTF-8.
    Text(Cow<'a, str>),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function, by the texts that name it.
    Global {
        module: Id,
        name: Id,
    },
    Storage(Storage),
    Tensor(Box<Tensor>),
    /// What a call of this value would have made.
    Opaque(Id),
    /// The same, with its attributes: mostly a dictionary.
    Object {
        class: Id,
        state: Id,
    },
}

/// A run of numbers that tensors are views of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// The place of its name in the file, a text or a whole number.
    pub key: Id,
    /// The place of its class.
    class: Id,
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
pub struct Pickle<'a> {
    nodes: Nodes<'a>,
    /// Its one outermost value.
    pub root: Id,
    /// Bytes it took.
    pub length: usize,
    /// What it may cost, and what it has cost so far.
    pub budget: Budget,
}

impl<'a> Pickle<'a> {
    /// Reads the pickle that `bytes` start with.
    ///
    /// # Errors
    /// If it ends too early, is not a pickle, or costs more than its length allows.
    pub fn read(bytes: &'a [u8]) -> Result<Self, WeightError> {
        let mut reader = Reader {
            bytes,
            position: 0,
            budget: Budget::new(),
            nodes: Nodes(vec![Node::Other]),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Vec::new(),
        };
        while !reader.step()? {}
        let root = reader.pop()?;
        Ok(Self {
            nodes: reader.nodes,
            root,
            length: reader.position,
            budget: reader.budget,
        })
    }

    /// The value at a place.
    pub fn node(&self, id: Id) -> &Node<'a> {
        self.nodes.at(id)
    }

    /// The text at a place; a whole number counts as one, for storages' keys.
    pub fn text(&self, id: Id) -> Option<Cow<'_, str>> {
        match self.node(id) {
            Node::Text(text) => Some(Cow::Borrowed(text)),
            Node::Int(value) => Some(Cow::Owned(value.to_string())),
            _ => None,
        }
    }

    /// Keys and values of a dictionary, or of an object's attributes.
    pub fn pairs(&self, id: Id) -> Option<&[(Id, Id)]> {
        let dict = match *self.node(id) {
            Node::Object { state, .. } => match self.node(state) {
                // Attributes in a dictionary, and those in slots.
                Node::Tuple(parts) => *parts.first()?,
                _ => state,
            },
            _ => id,
        };
        match self.node(dict) {
            Node::Dict(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// What a dictionary has under a key, or an object as an attribute.
    pub fn get(&self, id: Id, wanted: &str) -> Option<Id> {
        let is_wanted = |key: Id| matches!(self.node(key), Node::Text(key) if key == wanted);
        let mut pairs = self.pairs(id)?.iter();
        pairs
            .find(|&&(key, _)| is_wanted(key))
            .map(|&(_, value)| value)
    }

    /// The module and the name of an object's class.
    pub fn class(&self, id: Id) -> Option<(&str, &str)> {
        match *self.node(id) {
            Node::Object { class, .. } => self.nodes.global(class),
            _ => None,
        }
    }

    /// Whether an object is a program of TorchScript's, whose attributes are its tensors and its modules.
    pub fn is_script(&self, id: Id) -> bool {
        let class = self.class(id);
        class.is_some_and(|(module, _)| module.starts_with("__torch__"))
    }

    /// The full name of a class or function, each part of it cut where it is long.
    pub fn name(&self, id: Id) -> String {
        match self.nodes.global(id) {
            Some((module, name)) => format!("{}.{}", plain(module), plain(name)),
            None => "an object of unknown kind".to_owned(),
        }
    }

    /// Whether it names a class or function of a module.
    pub fn names_module(&self, wanted: &str) -> bool {
        let is_wanted = |id: Id| matches!(self.node(id), Node::Text(module) if module == wanted);
        let mut nodes = self.nodes.0.iter();
        nodes.any(|node| matches!(*node, Node::Global { module, .. } if is_wanted(module)))
    }

    /// Every storage it names.
    pub fn storages(&self) -> impl Iterator<Item = &Storage> {
        self.nodes.0.iter().filter_map(|node| match node {
            Node::Storage(storage) => Some(storage),
            _ => None,
        })
    }

    /// Bytes of one of a storage's numbers.
    pub fn width(&self, storage: &Storage) -> usize {
        self.nodes.storage_dtype(storage).1
    }
}

/// The table of values. The first is [`Node::Other`], and every other such one is that.
#[derive(Debug)]
struct Nodes<'a>(Vec<Node<'a>>);

/// Where [`Node::Other`] is.
const OTHER: Id = 0;

impl<'a> Nodes<'a> {
    fn at(&self, id: Id) -> &Node<'a> {
        &self.0[id as usize]
    }

    /// The module and the name of a class or function.
    fn global(&self, id: Id) -> Option<(&str, &str)> {
        let &Node::Global { module, name } = self.at(id) else {
            return None;
        };
        match (self.at(module), self.at(name)) {
            (Node::Text(module), Node::Text(name)) => Some((module, name)),
            _ => None,
        }
    }

    /// The values in a list or a tuple.
    fn items(&self, id: Id) -> Option<&[Id]> {
        match self.at(id) {
            Node::Tuple(items) | Node::List(items) => Some(items),
            _ => None,
        }
    }

    fn count(&self, id: Id) -> Option<usize> {
        match *self.at(id) {
            Node::Int(value) => usize::try_from(value).ok(),
            _ => None,
        }
    }

    /// A tensor's sides, or its strides.
    fn counts(&self, id: Id) -> Option<Vec<usize>> {
        let items = self.items(id).filter(|items| items.len() <= MAX_RANK)?;
        items.iter().map(|&item| self.count(item)).collect()
    }

    /// A storage's type and the bytes of one of its numbers. An untyped one has bytes.
    fn storage_dtype(&self, storage: &Storage) -> (Option<Dtype>, usize) {
        let (_, class) = self.global(storage.class).unwrap_or_default();
        let class = plain(class);
        let name = class.rsplit('.').next().unwrap_or(&class);
        let name = name.strip_suffix("Storage").unwrap_or(name);
        if name == "Untyped" {
            return (None, 1);
        }
        let (dtype, width) = named_dtype(&name.to_ascii_lowercase());
        (Some(dtype), width)
    }

    /// `(storage, offset, shape, strides, …)`, and where the seventh is to be the type, its type.
    fn tensor(&self, arguments: &[Id], typed: bool) -> Option<Tensor> {
        let &[storage, offset, shape, strides, ref more @ ..] = arguments else {
            return None;
        };
        let &Node::Storage(storage) = self.at(storage) else {
            return None;
        };
        let dtype = more.get(2).filter(|_| typed);
        let dtype = dtype.and_then(|&dtype| self.global(dtype));
        let dtype = dtype.map(|(_, name)| named_dtype(&plain(name)).0);
        let tensor = Tensor {
            dtype: dtype.or_else(|| self.storage_dtype(&storage).0)?,
            storage,
            offset: self.count(offset)?,
            shape: self.counts(shape)?,
            strides: self.counts(strides)?,
        };
        (tensor.shape.len() == tensor.strides.len()).then_some(tensor)
    }

    /// `('storage', class, key, device, count, view)`.
    fn storage(&self, fields: &[Id]) -> Option<Storage> {
        let &[_, class, key, _, count, ref view @ ..] = fields else {
            return None;
        };
        self.global(class)?;
        self.count(count)?;
        if !matches!(self.at(key), Node::Text(_) | Node::Int(_)) {
            return None;
        }
        // A view names itself, then where in its storage it begins, in numbers.
        let start = match view.first().map(|&id| self.at(id)) {
            Some(Node::Tuple(view)) => self.count(*view.get(1)?)?,
            _ => 0,
        };
        Some(Storage { key, class, start })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    budget: Budget,
    nodes: Nodes<'a>,
    stack: Vec<Id>,
    /// Lengths of the stack where marks were set.
    marks: Vec<usize>,
    memo: Vec<Option<Id>>,
}

impl<'a> Reader<'a> {
    /// Does what the next opcode says. True at the end.
    fn step(&mut self) -> Result<bool, WeightError> {
        let [opcode] = self.array()?;
        match opcode {
            // PROTO and FRAME are skipped.
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?),
            b'.' => return Ok(true),
            b'(' => {
                self.budget.charge(size_of::<usize>())?;
                self.marks.push(self.stack.len());
            }
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = self.top()?;
                self.push_again(top)?;
            }

            // None, truth values, floats.
            b'N' | 0x88 | 0x89 => self.push_again(OTHER)?,
            b'G' => {
                self.take(8)?;
                self.push_again(OTHER)?;
            }
            b'F' => {
                self.line()?;
                self.push_again(OTHER)?;
            }

            // Whole numbers.
            b'I' | b'L' => {
                let line = text(self.line()?);
                let digits = line.strip_suffix('L').unwrap_or(&line);
                match digits.parse() {
                    Ok(value) => self.push(Node::Int(value))?,
                    Err(_) => self.push_again(OTHER)?,
                }
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
                let line = unquoted(self.line()?);
                self.push(Node::Text(text(line)))?;
            }
            b'V' => {
                let line = self.line()?;
                self.push(Node::Text(text(line)))?;
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
                self.extend(&[item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_to_mark()?;
                self.extend(&items)?;
            }
            b')' => self.push(Node::Tuple(Vec::new()))?,
            b't' => {
                let items = self.pop_to_mark()?;
                self.push(Node::Tuple(items))?;
            }
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(opcode.saturating_sub(0x84)))?;
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
                let module = text(self.line()?);
                let module = self.add(Node::Text(module))?;
                let name = text(self.line()?);
                let name = self.add(Node::Text(name))?;
                self.push(Node::Global { module, name })?;
            }
            0x93 => {
                let name = self.pop()?;
                let module = self.pop()?;
                let (Node::Text(_), Node::Text(_)) = (self.nodes.at(module), self.nodes.at(name))
                else {
                    return Err(fault(
                        "its pickle names a class by something other than text",
                    ));
                };
                self.push(Node::Global { module, name })?;
            }
            b'R' | 0x81 => {
                let pair = self.pop_many(2)?;
                self.call(pair[0], pair[1])?;
            }
            0x92 => {
                let triple = self.pop_many(3)?;
                self.call(triple[0], triple[1])?;
            }
            // BUILD sets an object's attributes. Those of dictionaries and tensors are ignored.
            b'b' => {
                let state = self.pop()?;
                let object = self.top()?;
                if let Node::Opaque(class) = self.nodes.0[object as usize] {
                    self.nodes.0[object as usize] = Node::Object { class, state };
                }
            }
            b'Q' => {
                let id = self.pop()?;
                self.storage(id)?;
            }
            other => {
                return Err(fault(format!(
                    "its pickle has the opcode 0x{other:02x} at byte {}, which state dicts do not have",
                    self.position.saturating_sub(1)
                )));
            }
        }
        Ok(false)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], WeightError> {
        let taken = self
            .position
            .checked_add(count)
            .and_then(|end| self.bytes.get(self.position..end))
            .ok_or_else(broken_off)?;
        self.position = self.position.saturating_add(count);
        self.budget.allow(count);
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
            .map_err(|_| fault("its pickle has a length that does not fit in memory"))
    }

    /// What comes before the next end of line.
    fn line(&mut self) -> Result<&'a [u8], WeightError> {
        let mut rest = self.bytes[self.position..].iter();
        let end = rest.position(|&byte| byte == b'\n');
        let line = self.take(end.ok_or_else(broken_off)?)?;
        self.take(1)?;
        Ok(line)
    }

    fn number_line(&mut self) -> Result<usize, WeightError> {
        text(self.line()?)
            .parse()
            .map_err(|_| fault("its pickle refers to a value by something other than a number"))
    }

    fn string(&mut self, bytes: usize) -> Result<(), WeightError> {
        let length = self.length(bytes)?;
        let bytes = self.take(length)?;
        self.push(Node::Text(text(bytes)))
    }

    fn byte_string(&mut self, bytes: usize) -> Result<(), WeightError> {
        let length = self.length(bytes)?;
        self.take(length)?;
        self.push_again(OTHER)
    }

    /// A whole number of any length, little-endian with the sign in the last byte.
    fn long(&mut self, length: usize) -> Result<(), WeightError> {
        let bytes = self.take(length)?;
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut array = [if negative { 0xff } else { 0 }; 8];
        let Some(low) = array.get_mut(..length) else {
            return self.push_again(OTHER);
        };
        low.copy_from_slice(bytes);
        self.push(Node::Int(i64::from_le_bytes(array)))
    }

    /// Puts a value into the table.
    fn add(&mut self, node: Node<'a>) -> Result<Id, WeightError> {
        let beside = match &node {
            Node::Text(Cow::Owned(text)) => text.len(),
            Node::List(items) | Node::Tuple(items) => size_of_val(&items[..]),
            Node::Dict(pairs) => size_of_val(&pairs[..]),
            Node::Tensor(tensor) => {
                let sides = [&tensor.shape[..], &tensor.strides[..]];
                let sides = sides.map(size_of_val).into_iter();
                sides.fold(size_of::<Tensor>(), usize::saturating_add)
            }
            _ => 0,
        };
        self.budget
            .charge(size_of::<Node<'_>>().saturating_add(beside))?;
        let id = Id::try_from(self.nodes.0.len()).map_err(|_| underflow())?;
        self.nodes.0.push(node);
        Ok(id)
    }

    /// Puts a value into the table and on the stack.
    fn push(&mut self, node: Node<'a>) -> Result<(), WeightError> {
        let id = self.add(node)?;
        self.push_again(id)
    }

    /// Puts a value of the table on the stack.
    fn push_again(&mut self, id: Id) -> Result<(), WeightError> {
        self.budget.charge(size_of::<Id>())?;
        self.stack.push(id);
        Ok(())
    }

    fn top(&self) -> Result<Id, WeightError> {
        self.stack.last().copied().ok_or_else(underflow)
    }

    fn pop(&mut self) -> Result<Id, WeightError> {
        // Values below a mark do not belong to the current collection.
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
        Ok(self.stack.drain(start..).collect())
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, WeightError> {
        let mark = self.marks.pop().ok_or_else(underflow)?;
        if mark > self.stack.len() {
            return Err(underflow());
        }
        // No more than they take, however much the stack has room for.
        Ok(self.stack.drain(mark..).collect())
    }

    fn extend(&mut self, items: &[Id]) -> Result<(), WeightError> {
        self.budget.charge(size_of_val(items))?;
        let list = self.top()?;
        match &mut self.nodes.0[list as usize] {
            Node::List(list) => list.extend(items),
            // An object that is not a list but takes items like one.
            Node::Opaque(_) | Node::Object { .. } => {}
            _ => return Err(fault("its pickle appends to a value that is not a list")),
        }
        Ok(())
    }

    fn insert(&mut self, items: &[Id]) -> Result<(), WeightError> {
        self.budget.charge(size_of_val(items))?;
        let dict = self.top()?;
        let (pairs, rest) = items.as_chunks::<2>();
        match &mut self.nodes.0[dict as usize] {
            Node::Dict(dict) if rest.is_empty() => {
                dict.extend(pairs.iter().map(|&[key, value]| (key, value)));
            }
            Node::Opaque(_) | Node::Object { .. } => {}
            _ => {
                return Err(fault(
                    "its pickle inserts into a value that is not a dictionary",
                ));
            }
        }
        Ok(())
    }

    fn memoize(&mut self, place: usize) -> Result<(), WeightError> {
        let top = self.top()?;
        // Places are assigned in order. One far beyond the others costs as much as all before it.
        let more = place.saturating_add(1).saturating_sub(self.memo.len());
        self.budget
            .charge(more.saturating_mul(size_of::<Option<Id>>()))?;
        if more > 0 {
            self.memo.resize(place.saturating_add(1), None);
        }
        self.memo[place] = Some(top);
        Ok(())
    }

    fn recall(&mut self, place: usize) -> Result<(), WeightError> {
        let id = self.memo.get(place).copied().flatten();
        let id = id.ok_or_else(|| fault("its pickle recalls a value that it did not store"))?;
        self.push_again(id)
    }

    /// What a call makes, where it is one of those that make tensors.
    fn call(&mut self, callable: Id, arguments: Id) -> Result<(), WeightError> {
        let (module, name) = self.nodes.global(callable).unwrap_or_default();
        let arguments = match self.nodes.at(arguments) {
            Node::Tuple(items) => &items[..],
            _ => &[],
        };
        let made = match (module, name) {
            ("collections", "OrderedDict") => return self.ordered_dict(arguments.first().copied()),
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => {
                self.nodes.tensor(arguments, false)
            }
            ("torch._utils", "_rebuild_tensor_v3") => self.nodes.tensor(arguments, true),
            // A parameter is its tensor, and what it remembers of its training.
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                let data = *arguments.first().ok_or_else(underflow)?;
                return self.push_again(data);
            }
            _ => return self.push(Node::Opaque(callable)),
        };
        let tensor = made.ok_or_else(|| {
            fault(format!(
                "its pickle describes an invalid tensor: without a storage or a dtype, or of a rank above {MAX_RANK}"
            ))
        })?;
        self.push(Node::Tensor(Box::new(tensor)))
    }

    /// `OrderedDict()`, or one of a list of pairs.
    fn ordered_dict(&mut self, pairs: Option<Id>) -> Result<(), WeightError> {
        let items = match pairs.map(|pairs| self.nodes.at(pairs)) {
            Some(Node::List(items)) => &items[..],
            _ => &[],
        };
        // Charged for reading them; the dictionary is charged when it is pushed.
        self.budget.charge(items.len())?;
        let pairs = items.iter().filter_map(|&item| {
            let &[key, value] = self.nodes.items(item)? else {
                return None;
            };
            Some((key, value))
        });
        let pairs = pairs.collect();
        self.push(Node::Dict(pairs))
    }

    /// A storage by its fields, or `('module', class, file, source)` in legacy files, which is that class.
    fn storage(&mut self, id: Id) -> Result<(), WeightError> {
        let fields = match self.nodes.at(id) {
            Node::Tuple(fields) => &fields[..],
            _ => &[],
        };
        if let &[_, class, _, _] = fields {
            return self.push_again(class);
        }
        let storage = self
            .nodes
            .storage(fields)
            .ok_or_else(|| fault("its pickle describes an invalid storage"))?;
        self.push(Node::Storage(storage))
    }
}

/// A text in quotes without them.
fn unquoted(mut line: &[u8]) -> &[u8] {
    while let [b'\'' | b'"', rest @ ..] = line {
        line = rest;
    }
    while let [rest @ .., b'\'' | b'"'] = line {
        line = rest;
    }
    line
}

/// Decodes UTF-8; invalid bytes are replaced.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

fn broken_off() -> WeightError {
    fault("its pickle ends too early: the file is cut short or damaged")
}

fn underflow() -> WeightError {
    fault("its pickle takes more values from its stack than there are: the file is damaged")
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
