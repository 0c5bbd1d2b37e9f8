//! Shapes as distances: how far a point lies outside (positive) or inside (negative) of one.
//! Soft edges, shadows and rounded shading all come from that one number.

#[derive(Clone, Copy)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

pub(super) fn at(x: f32, y: f32) -> Point {
    Point { x, y }
}

#[derive(Clone)]
pub(super) enum Shape {
    Disc {
        center: Point,
        radius: f32,
    },
    Ellipse {
        center: Point,
        half: Point,
        degrees: f32,
    },
    /// A rectangle with rounded corners.
    Slab {
        center: Point,
        size: Point,
        round: f32,
        degrees: f32,
    },
    /// A stretch that may grow thinner: a finger, an arm, a leg of a chair.
    Limb {
        ends: [Point; 2],
        radii: [f32; 2],
    },
    Path {
        points: Vec<Point>,
        width: f32,
    },
    Area {
        points: Vec<Point>,
    },
    /// Parts that flow into each other.
    Joined {
        parts: Vec<Self>,
        softness: f32,
    },
    Both {
        shapes: Box<[Self; 2]>,
    },
}

pub(super) fn disc(x: f32, y: f32, radius: f32) -> Shape {
    Shape::Disc { center: at(x, y), radius }
}

pub(super) fn ellipse(x: f32, y: f32, half_width: f32, half_height: f32) -> Shape {
    Shape::Ellipse { center: at(x, y), half: at(half_width, half_height), degrees: 0.0 }
}

pub(super) fn slab(x: f32, y: f32, width: f32, height: f32, round: f32) -> Shape {
    Shape::Slab { center: at(x, y), size: at(width, height), round, degrees: 0.0 }
}

pub(super) fn limb(from: (f32, f32, f32), to: (f32, f32, f32)) -> Shape {
    Shape::Limb { ends: [at(from.0, from.1), at(to.0, to.1)], radii: [from.2, to.2] }
}

pub(super) fn line(from: (f32, f32), to: (f32, f32), width: f32) -> Shape {
    path(&[from, to], width)
}

pub(super) fn path(points: &[(f32, f32)], width: f32) -> Shape {
    Shape::Path { points: points.iter().map(|(x, y)| at(*x, *y)).collect(), width }
}

pub(super) fn area(points: &[(f32, f32)]) -> Shape {
    Shape::Area { points: points.iter().map(|(x, y)| at(*x, *y)).collect() }
}

pub(super) fn joined(parts: Vec<Shape>, softness: f32) -> Shape {
    Shape::Joined { parts, softness }
}

/// An arc of a circle as a path; degrees run clockwise from three o'clock.
pub(super) fn arc(center: (f32, f32), radius: f32, degrees: [f32; 2], width: f32) -> Shape {
    let [from, to] = degrees;
    let points: Vec<_> = (0..=24_u8)
        .map(|step| {
            let angle = (from + (to - from) * f32::from(step) / 24.0).to_radians();
            (center.0 + radius * angle.cos(), center.1 + radius * angle.sin())
        })
        .collect();
    path(&points, width)
}

impl Shape {
    pub(super) fn turned(mut self, by: f32) -> Self {
        if let Self::Slab { degrees, .. } | Self::Ellipse { degrees, .. } = &mut self {
            *degrees += by;
        }
        self
    }

    pub(super) fn within(self, other: &Self) -> Self {
        Self::Both { shapes: Box::new([self, other.clone()]) }
    }

    pub(super) fn distance(&self, point: Point) -> f32 {
        match self {
            Self::Disc { center, radius } => length(minus(point, *center)) - radius,
            Self::Ellipse { center, half, degrees } => {
                let local = unturned(minus(point, *center), *degrees);
                let near = length(at(local.x / half.x, local.y / half.y));
                let slope = length(at(local.x / half.x.powi(2), local.y / half.y.powi(2)));
                if slope < 1e-6 { -half.x.min(half.y) } else { near * (near - 1.0) / slope }
            }
            Self::Slab { center, size, round, degrees } => {
                let local = unturned(minus(point, *center), *degrees);
                let over_x = local.x.abs() - size.x / 2.0 + round;
                let over_y = local.y.abs() - size.y / 2.0 + round;
                let outside = length(at(over_x.max(0.0), over_y.max(0.0)));
                outside + over_x.max(over_y).min(0.0) - round
            }
            Self::Limb { ends: [from, to], radii: [thick, thin] } => {
                let along = nearest(point, *from, *to);
                let foot = mixed(*from, *to, along);
                length(minus(point, foot)) - (thick + (thin - thick) * along)
            }
            Self::Path { points, width } => {
                let stretches = points.windows(2).filter_map(|pair| pair.first_chunk());
                let distances = stretches.map(|[from, to]| to_stretch(point, *from, *to));
                distances.fold(f32::MAX, f32::min) - width / 2.0
            }
            Self::Area { points } => area_distance(points, point),
            Self::Joined { parts, softness } => parts
                .iter()
                .map(|part| part.distance(point))
                .reduce(|one, other| soft_min(one, other, *softness))
                .unwrap_or(f32::MAX),
            Self::Both { shapes } => {
                let [one, other] = shapes.as_ref();
                one.distance(point).max(other.distance(point))
            }
        }
    }

    /// The corners of a rectangle that holds the shape.
    pub(super) fn bounds(&self) -> [Point; 2] {
        match self {
            Self::Disc { center, radius } => around(&[*center], *radius),
            Self::Ellipse { center, half, .. } => around(&[*center], half.x.max(half.y)),
            Self::Slab { center, size, .. } => around(&[*center], length(*size) / 2.0),
            Self::Limb { ends, radii: [thick, thin] } => around(ends, thick.max(*thin)),
            Self::Path { points, width } => around(points, width / 2.0),
            Self::Area { points } => around(points, 0.0),
            Self::Joined { parts, softness } => {
                let corners: Vec<Point> = parts.iter().flat_map(Self::bounds).collect();
                around(&corners, *softness)
            }
            Self::Both { shapes } => {
                let [one, _] = shapes.as_ref();
                one.bounds()
            }
        }
    }
}

fn around(points: &[Point], margin: f32) -> [Point; 2] {
    let least = |values: &mut dyn Iterator<Item = f32>| values.fold(f32::MAX, f32::min) - margin;
    let most = |values: &mut dyn Iterator<Item = f32>| values.fold(f32::MIN, f32::max) + margin;
    [
        at(least(&mut points.iter().map(|p| p.x)), least(&mut points.iter().map(|p| p.y))),
        at(most(&mut points.iter().map(|p| p.x)), most(&mut points.iter().map(|p| p.y))),
    ]
}

fn minus(one: Point, other: Point) -> Point {
    at(one.x - other.x, one.y - other.y)
}

fn mixed(from: Point, to: Point, share: f32) -> Point {
    at(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share)
}

fn length(point: Point) -> f32 {
    point.x.hypot(point.y)
}

fn unturned(point: Point, degrees: f32) -> Point {
    let (sin, cos) = degrees.to_radians().sin_cos();
    at(point.x * cos + point.y * sin, point.y * cos - point.x * sin)
}

/// Where on a stretch, from 0 to 1, the point's foot lies.
fn nearest(point: Point, from: Point, to: Point) -> f32 {
    let (way, here) = (minus(to, from), minus(point, from));
    let square = (way.x * way.x + way.y * way.y).max(1e-6);
    ((here.x * way.x + here.y * way.y) / square).clamp(0.0, 1.0)
}

fn to_stretch(point: Point, from: Point, to: Point) -> f32 {
    length(minus(point, mixed(from, to, nearest(point, from, to))))
}

fn area_distance(points: &[Point], point: Point) -> f32 {
    let mut distance = f32::MAX;
    let mut is_inside = false;
    let next = points.iter().cycle().skip(1);
    for (from, to) in points.iter().zip(next) {
        distance = distance.min(to_stretch(point, *from, *to));
        let crosses = (from.y > point.y) != (to.y > point.y);
        if crosses && point.x < from.x + (to.x - from.x) * (point.y - from.y) / (to.y - from.y) {
            is_inside = !is_inside;
        }
    }
    if is_inside { -distance } else { distance }
}

fn soft_min(one: f32, other: f32, softness: f32) -> f32 {
    let share = (0.5 + 0.5 * (other - one) / softness).clamp(0.0, 1.0);
    other + (one - other) * share - softness * share * (1.0 - share)
}
