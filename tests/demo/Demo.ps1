#Requires -Version 7.4
<#
.SYNOPSIS
    What CryoBackup does, shown with the module and PostgreSQL's own programs on a throwaway server.
.DESCRIPTION
    Run by build.ps1 -Task Demo: CryoBackup.Scratch starts the server, fills the database cryoprotect and sets PGHOST, PGPORT, PGUSER.
    Every step says beforehand how it must end; the demo fails if one ends otherwise.
#>
[CmdletBinding()]
param(
    # The module as built.
    [string] $ModulePath = (Join-Path $PSScriptRoot '../../output/CryoBackup/CryoBackup.psd1'),

    # Where the backup is left. It is emptied first.
    [string] $OutputPath = (Join-Path $PSScriptRoot '../../output/demo/module')
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true
$PSStyle.OutputRendering = 'PlainText'

function Write-Heading([string] $Text) { "`n$Text`n$('=' * $Text.Length)" }

# Shows a command and what it gives, as a user with a window of 120 columns sees it.
function Show-Step([scriptblock] $Command) {
    "`nPS> $("$Command".Trim())"
    $objects = @(& $Command)
    ($objects | Out-String -Width 120).TrimEnd()
}

# Shows a command that must end in the one error.
function Show-Error([string] $ErrorId, [scriptblock] $Command) {
    "`nPS> $("$Command".Trim())"
    try {
        $null = & $Command
    } catch {
        if (($_.FullyQualifiedErrorId -split ',')[0] -ne $ErrorId) {
            throw "NOT AS PROMISED: the error is $($_.FullyQualifiedErrorId) instead of $ErrorId. $_"
        }
        "${ErrorId}: $_"
        if ($_.ErrorDetails -and $_.ErrorDetails.RecommendedAction) { "Recommended: $($_.ErrorDetails.RecommendedAction)" }
        '(an error, as it must be)'
        return
    }
    throw "NOT AS PROMISED: no error, where $ErrorId was expected."
}

# Shows a verification that must end in the verdict Failed, by the checks that failed.
function Show-Verdict([string] $Path) {
    "`nPS> Test-CryoBackup -LiteralPath '$Path'"
    $result = Test-CryoBackup -LiteralPath $Path
    ($result | Out-String -Width 120).TrimEnd()
    if ("$($result.Verdict)" -ne 'Failed' -or $result.IsValid) { throw "NOT AS PROMISED: the verdict is $($result.Verdict) instead of Failed." }
    "(verdict Failed, as it must be; failed: $(($result.Checks | Where-Object { "$($_.Outcome)" -eq 'Failed' }).Name -join ', '))"
}

# The SHA-256 of the database as SQL text. Recent versions begin and end it with a random key, which is no content.
function Get-TextHash([string] $Database) {
    $file = Join-Path $OutputPath "$Database.sql"
    pg_dump --dbname=$Database --file=$file
    $text = [IO.File]::ReadAllText($file) -replace '(?m)^\\(un)?restrict .*$'
    Remove-Item -LiteralPath $file
    [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes($text)))
}

function Assert-SameText([string] $Database) {
    $source = Get-TextHash cryoprotect
    $copy = Get-TextHash $Database
    "`n$source  SHA-256 of pg_dump cryoprotect`n$copy  SHA-256 of pg_dump $Database"
    if ($source -ne $copy) { throw "NOT AS PROMISED: $Database differs from cryoprotect." }
    'The same text: every object and every row came back.'
}

function Assert-NoDatabase([string] $Name) {
    if (psql -XAt -d postgres -c "SELECT datname FROM pg_database WHERE datname = '$Name'") { throw "NOT AS PROMISED: the database $Name was made from a bad backup." }
    "The server was not touched: there is no database $Name."
}

if (Test-Path -LiteralPath $OutputPath) { Remove-Item -LiteralPath $OutputPath -Recurse }
$folder = (New-Item -ItemType Directory -Path $OutputPath).FullName
$damaged = (New-Item -ItemType Directory -Path (Join-Path $folder damaged)).FullName
Import-Module $ModulePath -Force

Write-Heading 'A backup'
"The database cryoprotect stands for yours: 200,000 readings, $(psql -XAt -d cryoprotect -c "
    SELECT count(*) FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'lab'::regnamespace)") relations, a large object, roles, row security."
Show-Step { New-CryoBackup cryoprotect -Path $folder -Label 'before the demo' }
$backup = Get-CryoBackup $folder -Latest
Show-Step { $backup | Format-List }
Show-Step { $backup.Tables | Format-Table }

Write-Heading 'Its proof, from the file alone'
Show-Step { $backup | Test-CryoBackup }
Show-Step { ($backup | Test-CryoBackup).Checks | Format-Table }

Write-Heading 'Its rehearsal: restored into a throwaway server, all of it compared'
Show-Step { $backup | Test-CryoBackup -Level Restore -OutVariable script:rehearsed }
Show-Step { $rehearsed.Checks | Format-Table }
if (-not $rehearsed[0].IsValid) { throw "NOT AS PROMISED: the rehearsal's verdict is $($rehearsed[0].Verdict) instead of Passed." }

Write-Heading 'The whole line: back up, prove, restore into a second database'
Show-Step {
    New-CryoBackup cryoprotect -Path (Join-Path $folder line) | Test-CryoBackup | Where-Object IsValid |
        Restore-CryoBackup -TargetDatabase cryoprotect_copy -Create -Confirm:$false
}
Assert-SameText cryoprotect_copy

Write-Heading 'Without CryoBackup, by stock tools'
if ((Get-Command gunzip -ErrorAction Ignore) -and (Get-Command sh -ErrorAction Ignore)) {
    # The line names the file without its folder, as the manifest stands beside it.
    $line = (Get-Content -LiteralPath $backup.ManifestPath -Raw | ConvertFrom-Json).open_with -replace '\bNAME\b', 'cryoprotect_stock'
    "The manifest says: $line"
    createdb --template=template0 --encoding=UTF8 cryoprotect_stock
    sh -c "cd '$folder' && $line"
    Assert-SameText cryoprotect_stock
} else {
    'Left out: this machine has no gunzip.'
}

Write-Heading 'A missing file'
$missing = Join-Path $folder 'no_such_backup.dump.gz'
Show-Verdict $missing
Show-Error BackupNotFound { Restore-CryoBackup -LiteralPath $missing -TargetDatabase from_nothing -Create -Confirm:$false }
Assert-NoDatabase from_nothing

Write-Heading 'A corrupt file: text, not an archive'
$corrupt = Join-Path $damaged 'corrupt_backup.dump.gz'
Set-Content -LiteralPath $corrupt -Value 'This is a corrupt backup file'
Show-Verdict $corrupt
Show-Error NotABackup { Restore-CryoBackup -LiteralPath $corrupt -TargetDatabase from_corrupt -Create -Confirm:$false }
Assert-NoDatabase from_corrupt

Write-Heading 'One byte changed in a good backup'
Copy-Item -LiteralPath $backup.Path, $backup.ManifestPath -Destination $damaged
$flipped = Join-Path $damaged (Split-Path -Leaf $backup.Path)
$bytes = [IO.File]::ReadAllBytes($flipped)
$bytes[$bytes.Length / 2] = $bytes[$bytes.Length / 2] -bxor 1
[IO.File]::WriteAllBytes($flipped, $bytes)
Show-Verdict $flipped
Show-Error HashMismatch { Restore-CryoBackup -LiteralPath $flipped -TargetDatabase from_flipped -Create -Confirm:$false }
Assert-NoDatabase from_flipped

Write-Heading 'A database that is not empty'
Show-Error DatabaseNotEmpty { Restore-CryoBackup -LiteralPath $backup.Path -TargetDatabase cryoprotect_copy -Confirm:$false }
Assert-SameText cryoprotect_copy

Write-Heading 'Done: everything ended as it must'
"The backup lies in $($backup.Path)"
