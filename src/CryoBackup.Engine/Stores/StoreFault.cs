namespace CryoBackup.Stores;

/// <summary>What an exception of a driver means.</summary>
/// <param name="Kind">What follows from it.</param>
/// <param name="Text">The reason in words, without a credential and without a full stop.</param>
internal sealed record StoreFault(StoreFaultKind Kind, string Text);

/// <summary>What follows from a fault.</summary>
internal enum StoreFaultKind
{
    /// <summary>It may go better the next time: the server is busy, the connection was cut, bytes came otherwise than they were
    /// sent.</summary>
    Transient,

    /// <summary>Nobody answers at that address.</summary>
    Unreachable,

    /// <summary>Something bears the name already.</summary>
    Exists,

    /// <summary>There is no such object, or no such upload.</summary>
    Missing,

    /// <summary>There is no such bucket, container or remote.</summary>
    NoContainer,

    /// <summary>The credentials are missing or wrong, or do not allow it.</summary>
    Denied,

    /// <summary>The store does not know the request.</summary>
    Unsupported,

    /// <summary>Anything else.</summary>
    Other,
}
