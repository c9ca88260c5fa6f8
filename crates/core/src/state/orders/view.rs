use std::{fmt, ops::Deref};

use crate::order::Order;

/// An order that is read: lent where it is kept in full, made where it is kept in brief. It is used like a `&Order`.
///
/// Not a `Cow`, which is as large as an order, and is moved whenever it is handed on.
#[derive(Clone)]
pub struct OrderView<'a>(Kept<'a>);

#[derive(Clone)]
enum Kept<'a> {
    Full(&'a Order),
    Brief(Box<Order>),
}

impl<'a> OrderView<'a> {
    #[inline]
    pub(super) const fn lent(order: &'a Order) -> Self {
        Self(Kept::Full(order))
    }

    pub(super) fn made(order: Order) -> OrderView<'static> {
        OrderView(Kept::Brief(Box::new(order)))
    }

    /// An order of its own.
    #[must_use]
    pub fn into_owned(self) -> Order {
        match self.0 {
            Kept::Full(order) => order.clone(),
            Kept::Brief(order) => *order,
        }
    }
}

impl Deref for OrderView<'_> {
    type Target = Order;

    #[inline]
    fn deref(&self) -> &Order {
        match &self.0 {
            Kept::Full(order) => order,
            Kept::Brief(order) => order,
        }
    }
}
impl PartialEq for OrderView<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}
impl PartialEq<Order> for OrderView<'_> {
    fn eq(&self, other: &Order) -> bool {
        **self == *other
    }
}
impl fmt::Debug for OrderView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}
