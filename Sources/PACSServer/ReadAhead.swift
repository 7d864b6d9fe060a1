/// Makes the next few of a row of things while one is being used, and gives them in their order.
///
/// What is under way when it is dropped ends by itself; so many things at most are held as `depth` says.
struct ReadAhead<Item: Sendable, Product: Sendable>: Sendable {
    private var items: ArraySlice<Item>
    private var underWay: [Task<Product, any Error>] = []
    private let depth: Int
    private let make: @Sendable (Item) async throws -> Product

    /// - Parameter depth: how many are made or waiting, the one being used not counted.
    init(_ items: ArraySlice<Item>, depth: Int = 2, make: @escaping @Sendable (Item) async throws -> Product) {
        self.items = items
        self.depth = depth
        self.make = make
    }

    /// The product of the next item; `nil` after the last.
    mutating func next() async throws -> Product? {
        fill(to: max(depth, 1))
        guard !underWay.isEmpty else { return nil }
        let product = try await underWay.removeFirst().value
        fill(to: depth)
        return product
    }

    /// The first product and what follows it: an error in the first is known before anything is given away.
    func begun() async throws -> (first: Product?, rest: Self) {
        var rest = self
        return (try await rest.next(), rest)
    }

    private mutating func fill(to count: Int) {
        while underWay.count < count, let item = items.popFirst() {
            underWay.append(Task { [make] in try await make(item) })
        }
    }
}
