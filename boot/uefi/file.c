/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of the volume that the loader itself came from. */
#include "boot/uefi/loader.h"

#define BELOW_4_GIB 0xffffffffULL

static EFI_STATUS open_root(EFI_HANDLE image, EFI_FILE_HANDLE *root)
{
    EFI_LOADED_IMAGE *loaded;
    EFI_FILE_IO_INTERFACE *volume;
    EFI_STATUS status = BS->HandleProtocol(image, &LoadedImageProtocol, (void **)&loaded);

    if (!EFI_ERROR(status))
        status = BS->HandleProtocol(loaded->DeviceHandle, &FileSystemProtocol, (void **)&volume);
    if (!EFI_ERROR(status))
        status = volume->OpenVolume(volume, root);
    return status;
}

static EFI_STATUS size_of(EFI_FILE_HANDLE handle, UINTN *bytes)
{
    EFI_FILE_INFO *info = LibFileInfo(handle);

    if (info == NULL)
        return EFI_DEVICE_ERROR;
    *bytes = info->FileSize;
    FreePool(info);
    return EFI_SUCCESS;
}

static EFI_STATUS read_whole(EFI_FILE_HANDLE handle, struct file *file)
{
    UINTN wanted = file->bytes;
    EFI_STATUS status;

    file->address = BELOW_4_GIB;
    status = BS->AllocatePages(AllocateMaxAddress, EfiLoaderData, EFI_SIZE_TO_PAGES(wanted + 1),
                               &file->address);
    if (EFI_ERROR(status))
        return status;
    status = handle->Read(handle, &file->bytes, (void *)file->address);
    if (!EFI_ERROR(status) && file->bytes != wanted)
        status = EFI_VOLUME_CORRUPTED;
    return status;
}

/*
 * Purpose: bring a whole file into memory.
 * Result: an optional file that does not exist is success with 0 bytes at address 0.
 */
EFI_STATUS file_read(EFI_HANDLE image, CHAR16 *path, BOOLEAN optional, struct file *file)
{
    EFI_FILE_HANDLE root, handle;
    EFI_STATUS status = open_root(image, &root);

    file->address = 0;
    file->bytes = 0;
    if (EFI_ERROR(status))
        return loader_fail(status, L"the volume that the loader came from cannot be read",
                           L"Boot from a FAT volume");
    status = root->Open(root, &handle, path, EFI_FILE_MODE_READ, 0);
    root->Close(root);
    if (status == EFI_NOT_FOUND && optional)
        return EFI_SUCCESS;
    if (EFI_ERROR(status)) {
        Print(L"\n%s:", path);
        return loader_fail(status, L"the file cannot be opened",
                           L"Put it on the volume that the loader is on; `make image` makes a whole one");
    }
    status = size_of(handle, &file->bytes);
    if (!EFI_ERROR(status))
        status = read_whole(handle, file);
    handle->Close(handle);
    if (EFI_ERROR(status)) {
        Print(L"\n%s, %lu bytes:", path, (UINT64)file->bytes);
        return loader_fail(status, L"the file cannot be read",
                           L"Give the machine more memory, or make the volume anew");
    }
    return EFI_SUCCESS;
}
