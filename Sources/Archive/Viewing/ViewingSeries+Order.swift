package import DICOMCore

extension ViewingSeries {
    /// Objects of one series together, frames in display order.
    ///
    /// - Parameter objects: one for each object, in order of Instance Number.
    package init(merging objects: [ViewingSeries]) {
        guard let first = objects.first else {
            self.init()
            return
        }
        self = first
        (instances, attributes, frames, stacks, displays, tables) = ([], [], [], [], [], [])
        var merged = Merge()
        for object in objects { merged.add(object) }
        instances = merged.instances
        attributes = merged.attributes.values
        displays = merged.displays.values
        tables = merged.tables.values
        kind = Self.prevailing(instances)
        let start = merged.frames.compactMap(\.time).min()
        for index in merged.frames.indices { merged.frames[index].time = merged.frames[index].time.flatMap { time in start.map { time - $0 } } }
        order(merged.frames, merged.stacks)
    }

    private static func prevailing(_ instances: [ViewingInstance]) -> ViewingKind {
        let counts = Dictionary(instances.map { ($0.kind, 1) }, uniquingKeysWith: +)
        return ViewingKind.allCases.max { counts[$0] ?? 0 < counts[$1] ?? 0 } ?? .unknown
    }

    /// Frames of like stacks together, each stack ordered, stacks by the earliest frame in them.
    private mutating func order(_ all: [ViewingFrame], _ candidates: [ViewingStack]) {
        var groups: [[ViewingFrame]] = Array(repeating: [], count: candidates.count)
        for frame in all { groups[frame.stack].append(frame) }
        let sorted = groups.indices.filter { !groups[$0].isEmpty }.sorted {
            (groups[$0][0].instance, groups[$0][0].number) < (groups[$1][0].instance, groups[$1][0].number)
        }
        for index in sorted {
            var stack = candidates[index]
            let ordered = StackOrder(groups[index], stack)
            stack.first = frames.count
            stack.count = ordered.frames.count
            stack.isSpatial = ordered.isSpatial
            stack.isUniform = ordered.isUniform
            stack.sliceSpacing = ordered.sliceSpacing
            frames += ordered.frames.map { frame in
                var frame = frame
                frame.stack = stacks.count
                return frame
            }
            stacks.append(stack)
        }
    }
}

/// Brings indices of single objects into one table.
private struct Merge {
    var instances: [ViewingInstance] = []
    var attributes = Distinct<ViewingAttributes>()
    var displays = Distinct<ViewingDisplay>()
    var tables = Distinct<ViewingTable>()
    var stacks: [ViewingStack] = []
    var frames: [ViewingFrame] = []

    mutating func add(_ object: ViewingSeries) {
        let tableAt = object.tables.map { tables.index(of: $0) }
        let displayAt = object.displays.map { displays.index(of: moved($0, tableAt)) }
        let stackAt = object.stacks.map { place(moved($0, tableAt)) }
        for instance in object.instances {
            var instance = instance
            instance.attributes = attributes.index(of: object.attributes[instance.attributes])
            for frame in object.frames {
                var frame = frame
                frame.instance = instances.count
                frame.stack = stackAt[frame.stack]
                frame.display = displayAt[frame.display]
                frames.append(frame)
            }
            instances.append(instance)
        }
    }

    private func moved(_ display: ViewingDisplay, _ tableAt: [Int]) -> ViewingDisplay {
        var display = display
        display.modalityTable = display.modalityTable.map { tableAt[$0] }
        for index in display.voiTables.indices { display.voiTables[index].table = tableAt[display.voiTables[index].table] }
        return display
    }

    private func moved(_ stack: ViewingStack, _ tableAt: [Int]) -> ViewingStack {
        var stack = stack
        stack.pixels.palette = stack.pixels.palette.map { $0.map { tableAt[$0] } }
        return stack
    }

    private mutating func place(_ stack: ViewingStack) -> Int {
        // The newest first: neighbours are alike, so the search is short.
        if let index = stacks.indices.reversed().first(where: { stacks[$0].isLike(stack) }) { return index }
        stacks.append(stack)
        return stacks.count - 1
    }
}

extension ViewingStack {
    /// Scanners round direction cosines and spacings differently from slice to slice.
    fileprivate func isLike(_ other: Self) -> Bool {
        guard pixels == other.pixels, frameOfReference == other.frameOfReference, spacing.source == other.spacing.source else { return false }
        guard Self.close(spacing.rows, other.spacing.rows), Self.close(spacing.columns, other.spacing.columns),
            Self.close(spacing.aspect, other.spacing.aspect)
        else { return false }
        switch (orientation, other.orientation) {
        case (nil, nil): return true
        case (let mine?, let others?): return zip(mine, others).allSatisfy { abs($0 - $1) < 1e-3 }
        default: return false
        }
    }

    private static func close(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) <= 1e-4 * max(abs(a), abs(b))
    }
}

/// The order of the frames of one stack.
private struct StackOrder {
    var frames: [ViewingFrame]
    var isSpatial = false
    var isUniform = false
    var sliceSpacing: Double?

    /// mm along the normal below which two frames count as the same place.
    private static let samePlace = 1e-3

    init(_ numbered: [ViewingFrame], _ stack: ViewingStack) {
        frames = numbered
        guard numbered.count > 1, let normal = stack.normal else { return }
        let places = numbered.compactMap { $0.position?.dot(normal) }
        guard places.count == numbered.count else { return }
        let ascending = numbered.indices.sorted { places[$0] < places[$1] }
        let gaps = zip(ascending, ascending.dropFirst()).map { places[$1] - places[$0] }
        guard let least = gaps.min(), let most = gaps.max(), least > Self.samePlace else { return }
        // Feet to head or head to feet: the direction in which the numbers run.
        let runsUp = (places.last ?? 0) >= (places.first ?? 0)
        frames = (runsUp ? ascending : ascending.reversed()).map { numbered[$0] }
        isSpatial = true
        let median = gaps.sorted()[gaps.count / 2]
        guard most - least <= 0.02 * median else { return }
        sliceSpacing = gaps.reduce(0, +) / Double(gaps.count)
        isUniform = Self.isStraight(frames, normal)
    }

    /// The slices are shifted along their normal only, as not with a tilted gantry.
    private static func isStraight(_ frames: [ViewingFrame], _ normal: ViewingVector) -> Bool {
        guard let first = frames.first?.position, let last = frames.last?.position else { return false }
        let way = last - first
        let along = way.dot(normal)
        return (way - normal * along).length <= 0.01 * abs(along)
    }
}
