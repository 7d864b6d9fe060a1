import Testing

/// Tests over sockets, one after the other: they measure time, and a busy machine would change what they see.
@Suite(.serialized) struct Live {}
