BeforeDiscovery {
    # Installed by the engine's tests, where node and npm are there.
    $server = Join-Path $PSScriptRoot '../output/stores/node_modules/s3rver/bin/s3rver.js'
    $noServer = -not ((Test-Path -LiteralPath $server) -and (Get-Command -Name node -CommandType Application -ErrorAction Ignore))
}

BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_copy
    $folder = Join-Path $TestDrive 'backups'
    $offsite = Join-Path $TestDrive 'offsite'
    $backup = New-CryoBackup cryo_copy -Path $folder -IncludeGlobals -WarningAction Ignore
}

AfterAll {
    Clear-TestDatabase cryo_copy
}

Describe 'Copy-CryoBackup' {
    It 'has these parameters' {
        (Get-Command Copy-CryoBackup).Parameters.Keys | Where-Object { $_ -notin $CommonParameters } | Sort-Object |
            Should -Be @('Config', 'Destination', 'LiteralPath', 'Path')
    }

    It 'does nothing with -WhatIf' {
        Copy-CryoBackup $folder $offsite -WhatIf | Should -BeNullOrEmpty
        Test-Path -LiteralPath $offsite | Should -BeFalse
    }

    It 'copies what comes through the pipeline, and emits a copy that is a backup' {
        $copy = $backup | Copy-CryoBackup -Destination $offsite
        $copy.Location | Should -Be (Resolve-Path -LiteralPath $offsite).ProviderPath
        $copy.Proven | Should -BeGreaterThan $backup.End
        $copy.Path | Should -Be (Join-Path $offsite (Split-Path -Leaf $backup.Path))
        (Get-FileHash -LiteralPath $copy.Path).Hash | Should -Be $backup.Hash
        ($copy | Test-CryoBackup).Verdict | Should -Be 'Passed'
        @(Get-ChildItem -LiteralPath $offsite -Force -Exclude *.proof.json).Name | Should -Be @(Get-ChildItem -LiteralPath $folder -Force).Name
    }

    It 'copies a folder to several places' {
        $copies = Copy-CryoBackup $folder (Join-Path $TestDrive 'a'), (Join-Path $TestDrive 'b')
        $copies.Location | Should -Be @((Join-Path $TestDrive 'a'), (Join-Path $TestDrive 'b'))
    }

    It 'refuses a location with a credential, and does not repeat it' {
        { Copy-CryoBackup $folder 's3://key:canary@bucket/x' } | Should -Throw -ErrorId 'ConfigurationInvalid,*' -PassThru |
            ForEach-Object { "$_ $($_.TargetObject)" } | Should -Not -BeLike '*canary*'
    }

    It 'says what is missing where no destination is named' {
        { Copy-CryoBackup $folder } | Should -Throw -ErrorId 'ConfigurationInvalid,CryoBackup.Commands.CopyCryoBackupCommand'
    }

    It 'says of a backup that is not there that it is not' {
        Copy-CryoBackup (Join-Path $TestDrive 'nothing.dump') $offsite -ErrorVariable problems -ErrorAction SilentlyContinue
        $problems[0].FullyQualifiedErrorId | Should -BeLike 'BackupNotFound,*'
    }

    It 'is done by New-CryoBackup for the copies of the configuration' {
        $config = Join-Path $TestDrive 'copies.yaml'
        Set-Content -LiteralPath $config -Value "local_backup_dir: made`ncopies: [taken]`ncopies_required: 1"
        $made = New-CryoBackup cryo_copy -Config $config
        $made.Copies | Should -Be (Join-Path $TestDrive 'taken' (Split-Path -Leaf $made.Path))
        ($made.Copies | Test-CryoBackup).Verdict | Should -Be 'Passed'
    }

    It 'leaves the object storage of the vendors unloaded until it is named' {
        [System.AppDomain]::CurrentDomain.GetAssemblies().GetName().Name | Where-Object { $_ -like 'AWSSDK*' -or $_ -like 'Azure.*' } |
            Should -BeNullOrEmpty
    }
}

Describe 'A copy in object storage' -Skip:$noServer {
    BeforeAll {
        $port = Get-ClosedPort
        $script = (Resolve-Path -LiteralPath (Join-Path $PSScriptRoot '../output/stores/node_modules/s3rver/bin/s3rver.js')).ProviderPath
        $store = Join-Path $TestDrive 'store'
        $words = $script, '--address', '127.0.0.1', '--port', $port, '--directory', $store, '--configure-bucket', 'backups', '--silent'
        $process = Start-Process -FilePath node -ArgumentList $words -PassThru
        for ($i = 0; $i -lt 300 -and -not (Test-Connection -TargetName 127.0.0.1 -TcpPort $port -Quiet); $i++) {
            Start-Sleep -Milliseconds 100
        }

        $kept = $env:AWS_ENDPOINT_URL_S3, $env:AWS_ACCESS_KEY_ID, $env:AWS_SECRET_ACCESS_KEY
        $env:AWS_ENDPOINT_URL_S3, $env:AWS_ACCESS_KEY_ID, $env:AWS_SECRET_ACCESS_KEY = "http://127.0.0.1:$port", 'S3RVER', 'S3RVER'
    }

    AfterAll {
        Stop-Process -InputObject $process
        $env:AWS_ENDPOINT_URL_S3, $env:AWS_ACCESS_KEY_ID, $env:AWS_SECRET_ACCESS_KEY = $kept
    }

    It 'is made by the environment of AWS' {
        $copy = Copy-CryoBackup $backup.Path 's3://backups/database'
        $copy.Location | Should -Be 's3://backups/database'
        $copy.Path | Should -Be "s3://backups/database/$(Split-Path -Leaf $backup.Path)"
        $copy.Proven | Should -BeGreaterThan $backup.End
        # Once more: it is there, and is proven again.
        (Copy-CryoBackup $backup.Path 's3://backups/database').Proven | Should -BeGreaterThan $copy.Proven
    }

    It 'is what the predecessor''s section aws means' {
        $config = Join-Path $TestDrive 'aws.yaml'
        Set-Content -LiteralPath $config -Value @"
local_backup_dir: made
copies_required: 1
aws:
  enabled: true
  access_key: S3RVER
  secret_key: S3RVER
  region: us-east-1
  bucket: backups
  prefix: database-backups
  endpoint: http://127.0.0.1:$port
"@
        Start-Sleep -Seconds 1
        $made = New-CryoBackup cryo_copy -Config $config
        $made.Copies | Should -Be "s3://backups/database-backups/$(Split-Path -Leaf $made.Path)"
        ($made | Test-CryoBackup).Verdict | Should -Be 'Passed'
    }

    It 'that is refused leaves the backup, and is an error where it is required' {
        $config = Join-Path $TestDrive 'refused.yaml'
        Set-Content -LiteralPath $config -Value "local_backup_dir: refused`ncopies: ['s3://no-such-bucket/x']`ncopies_required: 1"
        New-CryoBackup cryo_copy -Config $config -ErrorVariable problems -ErrorAction SilentlyContinue -WarningAction Ignore
        "$($problems[0])" | Should -BeLike '*is good*s3://no-such-bucket/x*'
        (Get-CryoBackup (Join-Path $TestDrive 'refused') | Test-CryoBackup).Verdict | Should -Be 'Passed'
    }
}
