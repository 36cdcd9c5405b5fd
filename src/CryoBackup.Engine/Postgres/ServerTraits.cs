namespace CryoBackup.Postgres;

/// <summary>What a server has told in the sessions before; the endpoints of one server share it.</summary>
internal sealed class ServerTraits
{
    private volatile int _major;
    private volatile bool _readOnly;

    /// <summary>The major version; 0 before the first session.</summary>
    public int Major
    {
        get => _major;
        set => _major = value;
    }

    /// <summary>True if the server as a whole refuses to write.</summary>
    public bool IsReadOnly
    {
        get => _readOnly;
        set => _readOnly = value;
    }
}
