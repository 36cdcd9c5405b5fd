using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;

namespace CryoBackup.Tests.Stores;

/// <summary>An object that lies in the server.</summary>
internal sealed record S3Content(byte[] Bytes, string Mark)
{
    /// <summary>How it is locked, as the headers said: mode and time; null for not.</summary>
    public (string Mode, string Until)? Lock { get; init; }

    /// <summary>True while nobody may remove it for that.</summary>
    public bool HasLegalHold { get; init; }

    public DateTime Modified { get; init; } = DateTime.UtcNow;

    /// <summary>No hash of the content that anybody could rely on, as with real stores.</summary>
    public string Tag { get; } = TagOf(Bytes);

    public static string TagOf(byte[] bytes) => $"\"{Convert.ToHexString(SHA256.HashData(bytes))[..20].ToLowerInvariant()}-9\"";
}

/// <summary>An upload that is not complete.</summary>
internal sealed record S3Unfinished(string Key, string Mark)
{
    public (string Mode, string Until)? Lock { get; init; }

    public ConcurrentDictionary<int, byte[]> Parts { get; } = new();

    public DateTime Begun { get; } = DateTime.UtcNow;
}

/// <summary>An answer.</summary>
internal sealed record S3Answer(int Status)
{
    public byte[] Body { get; init; } = [];

    public long? Length { get; init; }

    public (string Name, string Value)[] Headers { get; init; } = [];

    public static S3Answer Good(params (string, string)[] headers) => new(200) { Headers = headers };

    public static S3Answer Error(int status, string code) =>
        Xml("Error", new XElement("Code", code), new XElement("Message", $"The server says {code}.")) with
        {
            Status = status,
        };

    public static S3Answer Xml(string name, params object[] content) =>
        new(200)
        {
            Body = Encoding.UTF8.GetBytes($"<?xml version=\"1.0\" encoding=\"UTF-8\"?>{new XElement(name, content)}"),
            Headers = [("Content-Type", "application/xml")],
        };
}
