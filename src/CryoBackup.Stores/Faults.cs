using System.Net;
using System.Net.Sockets;

namespace CryoBackup.Stores;

/// <summary>What both vendors' faults have in common: HTTP's and the network's.</summary>
internal static class Faults
{
    /// <summary>What a status means that the vendor says nothing more about.</summary>
    public static StoreFaultKind Of(HttpStatusCode status) =>
        status switch
        {
            HttpStatusCode.PreconditionFailed => StoreFaultKind.Exists,
            HttpStatusCode.NotFound => StoreFaultKind.Missing,
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => StoreFaultKind.Denied,
            HttpStatusCode.NotImplemented => StoreFaultKind.Unsupported,
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError =>
                StoreFaultKind.Transient,
            _ => StoreFaultKind.Other,
        };

    /// <summary>What an exception of the network means, wherever in a chain it stands; null for another.</summary>
    public static StoreFault? OfNetwork(Exception exception)
    {
        for (Exception? one = exception; one is not null; one = one.InnerException)
        {
            switch (one)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.NoData }:
                    return new StoreFault(StoreFaultKind.Unreachable, Sentence(one));
                case System.Security.Authentication.AuthenticationException:
                    return new StoreFault(StoreFaultKind.Other, "the server's certificate is not trusted: " + Sentence(one));
            }
        }

        for (Exception? one = exception; one is not null; one = one.InnerException)
        {
            // A cancellation that is not the caller's is a time limit within.
            if (one is HttpRequestException or IOException or SocketException or TimeoutException or OperationCanceledException)
            {
                return new StoreFault(StoreFaultKind.Transient, Sentence(one));
            }
        }

        return null;
    }

    /// <summary>The first line of what is said, without a full stop.</summary>
    public static string Sentence(Exception exception) => exception.Message.Split('\n')[0].Trim().TrimEnd('.');
}
