//! Random programs of the kinds that were recorded.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::dice::Dice;
use super::heap::{Contents, Model, Object};
use super::program::{Base, Class, FIELDS, Field, Hop, Kind, Op, Path, Policy, ROOTS};
use super::shapes;
use super::trace::{BIRTH_ORDER, FORMAT, Header, Program};

/// At most this many objects are ever alive. Nothing can nest deeper than that, which keeps a
/// program below the 48 levels after which a heap may put deaths off.
pub const MAX_LIVE: usize = 45;

/// From this many live objects on, a program tends to let go.
const CROWDED: usize = 32;

/// Follows the heap and thinks of the next op.
#[derive(Clone, Debug)]
pub struct Composer {
    dice: Dice,
    kind: Kind,
    /// What is left of the batch under way; ids are filled in when its turn comes.
    drafts: VecDeque<Op>,
}

/// What a single op is about.
#[derive(Clone, Copy, Debug)]
enum Idea {
    New,
    Del,
    Set,
    SetSelf,
    Clear,
    Append,
    Pop,
    Assign,
    Wref,
    Collect,
    SaveAll,
    ClearGarbage,
    PopGarbage,
    ClearSurvivors,
    PopSurvivor,
}

/// How often each idea comes up.
const IDEAS: [(Idea, usize); 15] = [
    (Idea::New, 110),
    (Idea::Del, 105),
    (Idea::Set, 150),
    (Idea::SetSelf, 25),
    (Idea::Clear, 75),
    (Idea::Append, 40),
    (Idea::Pop, 20),
    (Idea::Assign, 50),
    (Idea::Wref, 85),
    (Idea::Collect, 130),
    (Idea::SaveAll, 24),
    (Idea::ClearGarbage, 16),
    (Idea::PopGarbage, 20),
    (Idea::ClearSurvivors, 16),
    (Idea::PopSurvivor, 24),
];

/// The same when the heap is crowded. What is garbage has to be cut before it is let go, or the
/// next collection finds it again.
const CROWDED_IDEAS: [(Idea, usize); 8] = [
    (Idea::Del, 30),
    (Idea::Clear, 70),
    (Idea::Pop, 10),
    (Idea::Collect, 15),
    (Idea::ClearGarbage, 3),
    (Idea::PopGarbage, 3),
    (Idea::ClearSurvivors, 5),
    (Idea::PopSurvivor, 5),
];

impl Composer {
    /// A composer of programs of that kind; the same seed, the same program.
    pub fn new(kind: Kind, seed: u64) -> Self {
        Composer { dice: Dice::new(seed), kind, drafts: VecDeque::new() }
    }

    /// An op that can be applied to the heap as it is.
    pub fn next_op(&mut self, model: &Model) -> Op {
        loop {
            while let Some(draft) = self.drafts.pop_front() {
                if let Some(op) = draft.fitted(model) {
                    return op;
                }
            }
            self.think(model);
        }
    }

    /// Drafts a batch or a single op.
    fn think(&mut self, model: &Model) {
        let batches = match self.kind {
            Kind::Short => 24,
            Kind::Long => 10,
        };
        let live = model.living().len();
        if live < CROWDED && self.dice.chance(batches) {
            self.drafts = shapes::batch(&mut self.dice, model, MAX_LIVE - live).into();
        } else {
            self.drafts = self.single_op(model, live).into_iter().collect();
        }
    }

    fn single_op(&mut self, model: &Model, live: usize) -> Option<Op> {
        let crowded = live >= CROWDED && self.dice.chance(60);
        let idea = match crowded {
            true => self.dice.weighted(&CROWDED_IDEAS),
            false => self.dice.weighted(&IDEAS),
        };
        match idea {
            Idea::New | Idea::Wref if live >= MAX_LIVE => None,
            Idea::New => {
                let class = shapes::any_class(&mut self.dice);
                Some(shapes::new(class, self.dice.below(ROOTS)))
            }
            Idea::Wref => self.wref(model),
            Idea::Del => self.del(model),
            Idea::Set => self.set(model),
            Idea::SetSelf => self.set_self(model),
            Idea::Clear => self.clear(model),
            Idea::Append => self.append(model),
            Idea::Pop => self.pop(model),
            Idea::Assign => self.assign(model),
            Idea::Collect => Some(Op::Collect { generation: shapes::any_generation(&mut self.dice) }),
            Idea::SaveAll => self.save_all(model),
            Idea::ClearGarbage => (!model.garbage().is_empty()).then_some(Op::ClearGarbage),
            Idea::PopGarbage => Some(Op::PopGarbage),
            Idea::ClearSurvivors => (!model.survivors().is_empty()).then_some(Op::ClearSurvivors),
            Idea::PopSurvivor => Some(Op::PopSurvivor),
        }
    }

    fn wref(&mut self, model: &Model) -> Option<Op> {
        let target = self.path_to(model, |it| it.class != Class::Wr)?;
        let callback = shapes::any_callback(&mut self.dice);
        Some(shapes::wref(target, callback, self.dice.below(ROOTS)))
    }

    fn del(&mut self, model: &Model) -> Option<Op> {
        let filled = (0..ROOTS).filter(|&root| model.roots()[root].is_some());
        let to = self.dice.pick(&filled.collect::<Vec<_>>())?;
        Some(Op::Del { to })
    }

    fn set(&mut self, model: &Model) -> Option<Op> {
        let a = self.path_to(model, |it| it.class.has_fields())?;
        let b = self.path(model)?;
        let field = Field(self.dice.below(FIELDS));
        Some(shapes::link(a, Some(field), b))
    }

    fn set_self(&mut self, model: &Model) -> Option<Op> {
        let a = self.path_to(model, |it| it.class.has_fields())?;
        let field = Field(self.dice.below(FIELDS));
        Some(shapes::link(a.clone(), Some(field), a))
    }

    fn clear(&mut self, model: &Model) -> Option<Op> {
        let holds = |object: &Object| object.fields().iter().any(Option::is_some);
        let a = self.path_to(model, holds)?;
        let fields = model.get(model.resolve(&a)?)?.fields();
        let set = (0..FIELDS).filter(|&f| fields[f].is_some());
        let f = Field(self.dice.pick(&set.collect::<Vec<_>>())?);
        Some(Op::Clear { a, a_id: 0, f })
    }

    fn append(&mut self, model: &Model) -> Option<Op> {
        let a = self.path_to(model, |it| it.class == Class::List)?;
        Some(shapes::link(a, None, self.path(model)?))
    }

    fn pop(&mut self, model: &Model) -> Option<Op> {
        let a = self.path_to(model, |it| it.class == Class::List)?;
        Some(Op::Pop { a, a_id: 0 })
    }

    fn assign(&mut self, model: &Model) -> Option<Op> {
        let b = self.path(model)?;
        let to = self.dice.below(ROOTS);
        Some(Op::Assign { to, b, b_id: 0 })
    }

    /// On is rare, and off again soon.
    fn save_all(&mut self, model: &Model) -> Option<Op> {
        let on = !model.saves_all();
        (!on || self.dice.chance(60)).then_some(Op::Saveall { on })
    }

    /// A path to an object that will do; none when a few walks found none.
    fn path_to(&mut self, model: &Model, wanted: fn(&Object) -> bool) -> Option<Path> {
        (0..6).find_map(|_| {
            let path = self.path(model)?;
            let object = model.get(model.resolve(&path)?)?;
            wanted(object).then_some(path)
        })
    }

    /// A random walk from a root, or from an entry of one of the lists.
    fn path(&mut self, model: &Model) -> Option<Path> {
        let base = self.base(model)?;
        let mut path = Path { base, hops: Vec::new() };
        while path.hops.len() < 3 {
            let Some(hop) = self.hop(model, &path) else {
                break;
            };
            path.hops.push(hop);
        }
        Some(path)
    }

    fn base(&mut self, model: &Model) -> Option<Base> {
        let roots = (0..ROOTS).filter(|&root| model.roots()[root].is_some());
        let roots: Vec<Base> = roots.map(Base::Root).collect();
        let garbage: Vec<Base> = (0..model.garbage().len()).map(Base::Garbage).collect();
        let survivors: Vec<Base> = (0..model.survivors().len()).map(Base::Survivor).collect();
        let bases = match self.dice.below(100) {
            0..20 if !garbage.is_empty() => garbage,
            20..35 if !survivors.is_empty() => survivors,
            _ => roots,
        };
        self.dice.pick(&bases)
    }

    /// One hop on from where the path leads; none where it ends. A weak reference is more often
    /// looked through than taken itself.
    fn hop(&mut self, model: &Model, path: &Path) -> Option<Hop> {
        let hops: Vec<Hop> = match &model.get(model.resolve(path)?)?.contents {
            Contents::Fields(fields) => {
                (0..FIELDS).filter(|&f| fields[f].is_some()).map(|f| Hop::Field(Field(f))).collect()
            }
            Contents::Items(items) => (0..items.len()).map(Hop::Item).collect(),
            Contents::Weak { referent, .. } => referent.map(|_| Hop::Referent).into_iter().collect(),
        };
        let stop = match hops.as_slice() {
            [Hop::Referent] => 30,
            _ => 45,
        };
        if self.dice.chance(stop) {
            return None;
        }
        self.dice.pick(&hops)
    }
}

/// How many ops programs of a kind have.
pub fn lengths(policy: Policy, kind: Kind) -> RangeInclusive<usize> {
    match (kind, policy) {
        (Kind::Short, _) => 20..=60,
        (Kind::Long, Policy::Legacy) => 80..=650,
        (Kind::Long, Policy::Modern) => 140..=1950,
    }
}

/// The ops of one random program.
pub fn ops(policy: Policy, kind: Kind, seed: u64) -> Vec<Op> {
    let mut composer = Composer::new(kind, seed);
    let mut model = Model::new(policy);
    let lengths = lengths(policy, kind);
    let length = composer.dice.between(*lengths.start(), *lengths.end());
    let next = |_| {
        let op = composer.next_op(&model);
        model.apply(&op).expect("the op was fitted to the heap");
        op
    };
    (0..length).map(next).collect()
}

/// One random program with the outcomes the model gives.
pub fn generate(policy: Policy, kind: Kind, seed: u64) -> Program {
    let header =
        Header { format: FORMAT, recorder: "model".to_owned(), kind, policy, order: BIRTH_ORDER.to_owned(), seed };
    Program::record(header, ops(policy, kind, seed)).expect("the ops fit an empty heap")
}
