namespace CryoBackup.Postgres;

/// <summary>What a server has told in the sessions before; the endpoints of one server share it.</summary>
internal sealed class ServerTraits
{
    private volatile int _major;
    private volatile bool _readOnly;
    private volatile bool _keepsSessions;

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

    /// <summary>True once it is known that a pooler on the way gives each of our sessions one of the server's to keep.</summary>
    public bool KeepsSessions
    {
        get => _keepsSessions;
        set => _keepsSessions = value;
    }
}
